"""`make diff`: what changed between two builds."""

from report.compare.compare import compare, require_ref

__all__ = ["compare", "require_ref"]
