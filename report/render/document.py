"""Chooses the renderer and the format, and puts the finished file in place."""

import os
import shutil
from pathlib import Path

from report.errors import ColophonError
from report.render import pandoc, quarto
from report.render.tools import Job

RENDERERS = ("auto", "quarto", "pandoc")
FORMATS = (".html", ".pdf")


def render(
    source: Path,
    target: Path,
    *,
    renderer: str = "auto",
    epoch: int,
    log: Path,
) -> None:
    """Renders `source` (a complete `.qmd`) to `target`; its suffix, .html or .pdf, is the format.

    The target appears complete or not at all: an earlier one stays where anything fails.

    Args:
        renderer: `auto` is Quarto where it is on the PATH, else pandoc with latexmk.
        epoch: the document's date in seconds since 1970 (SOURCE_DATE_EPOCH); two runs on the same
            source and epoch give the same bytes.
        log: takes everything that the tools print; overwritten.

    Raises:
        ColophonError: an unknown renderer or format, a missing tool, an unresolved or doubled
            label, a missing image or citation, an error of LaTeX or of the renderer.
    """
    if target.suffix not in FORMATS:
        raise ColophonError(f"cannot render to {target.name}", "Formats: " + ", ".join(FORMATS))
    if not source.is_file():
        raise ColophonError(f"{source}: no such document to render")
    tool = choose(renderer)
    target.parent.mkdir(parents=True, exist_ok=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("")
    fresh = target.with_name(f".{target.stem}.{os.getpid()}{target.suffix}").resolve()
    try:
        tool.render(Job(source.resolve(), fresh, epoch, log.resolve()))
        if fresh.suffix == ".html":
            free_videos(fresh)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def free_videos(page: Path) -> None:
    """Takes from videos the role of an image, which pandoc gives to all that it embeds: with it a
    screen reader would hide their controls."""
    page.write_bytes(page.read_bytes().replace(b'<video role="img" ', b"<video "))


def choose(renderer: str):
    """The module that renders: `quarto` or `pandoc`."""
    if renderer not in RENDERERS:
        raise ColophonError(f"unknown renderer {renderer!r}", "Renderers: " + ", ".join(RENDERERS))
    if renderer == "quarto" and shutil.which("quarto") is None:
        raise ColophonError(
            "the renderer quarto was asked for, but `quarto` is not on the PATH",
            "Install it from https://quarto.org, or use RENDERER=pandoc.",
        )
    if renderer == "pandoc" or shutil.which("quarto") is None:
        return pandoc
    return quarto
