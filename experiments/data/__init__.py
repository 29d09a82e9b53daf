"""Data sets, read from disk or drawn."""
