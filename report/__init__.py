"""Colophon's engine: plans and runs stages, binds their numbers to prose, renders PDF and HTML."""
