"""One complete Quarto-markdown file becomes one self-contained HTML file and one PDF."""

from report.render.document import render
from report.render.latex import latex_packages

__all__ = ["latex_packages", "render"]
