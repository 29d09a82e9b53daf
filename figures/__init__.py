"""One module a chapter draws its figures from results; style.py holds what they share."""
