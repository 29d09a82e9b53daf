"""`make preview`: the page of a document in a browser, built anew at each edit."""

from report.preview.preview import preview

__all__ = ["preview"]
