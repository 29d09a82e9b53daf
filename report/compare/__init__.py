"""`make diff`: what changed between two builds."""

from report.compare.compare import compare

__all__ = ["compare"]
