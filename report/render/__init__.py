"""One complete Quarto-markdown file becomes one self-contained HTML file and one PDF."""

from report.render.document import render

__all__ = ["render"]
