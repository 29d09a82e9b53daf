"""Assembles a document once and renders it in each format asked for, unless they are fresh."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from report.build.documents import (
    Rendering,
    record_rendering,
    rendering_changes,
    rendering_parts,
    require_document,
)
from report.build.frozen import stale_shown
from report.build.locks import exclusive
from report.build.plan import Planner, Status
from report.build.project import source_date
from report.document.assemble import CLAIMS, assemble
from report.errors import ColophonError
from report.render import render


def build_document(
    planner: Planner, document: str, formats: list[str], *, is_fresh: bool = False
) -> list[Path]:
    """Render `document` as `html`, `pdf` or both into the profile's build folder; returns the files.

    Args:
        is_fresh: the caller has just looked, and no result is stale.

    Raises ColophonError where results are missing or stale, and for whatever stops a rendering;
    a file that was there stays then.
    """
    require_document(planner, document)
    renderings = [Rendering(document, format) for format in formats]
    with exclusive(planner.project.build / "state" / f"{document}.lock", document):
        todo = [rendering for rendering in renderings if rendering_changes(planner, rendering)]
        if todo:
            if not is_fresh:
                require_fresh(planner, document)
            render_all(planner, document, todo)
    return [rendering.target(planner) for rendering in renderings]


def assemble_claims(planner: Planner, document: str) -> Path:
    """Assemble `document` and its exports, unrendered; returns the file that lists its claims, claims.json.

    Raises ColophonError where results are missing or stale, and for whatever stops a rendering.
    """
    require_document(planner, document)
    with exclusive(planner.project.build / "state" / f"{document}.lock", document):
        require_fresh(planner, document)
        assembled = assemble(planner, document)
        assembled.export(planner)
        return assembled.source.with_name(CLAIMS)


def require_fresh(planner: Planner, document: str) -> None:
    """Raise ColophonError, naming them, where the document would show stale results."""
    shown = stale_shown(planner)
    stale = [s.task.id for s in planner.statuses() if s.state != "fresh" and not may_show(s, shown)]
    if stale:
        raise ColophonError(
            f"{document} would show stale results: {', '.join(stale)}",
            "Run `make report`, which runs them first.",
        )


def may_show(status: Status, shown: Collection[str]) -> bool:
    """Whether a result that is not fresh is shown and marked: what is drawn is drawn from what there is."""
    return status.task.id in shown and (status.state == "after" or not status.task.is_drawn)


def render_all(planner: Planner, document: str, renderings: list[Rendering]) -> None:
    project = planner.project
    parts = rendering_parts(planner, renderings[0])
    assembled = assemble(planner, document)

    def render_one(rendering: Rendering) -> None:
        log = project.build / "state" / f"{document}.{rendering.format}.log"
        epoch = source_date(project.root)
        render(assembled.source, rendering.target(planner), renderer=project.renderer, epoch=epoch, log=log)
        exported.result()
        record_rendering(planner, rendering, parts)

    with ThreadPoolExecutor() as pool:
        exported = pool.submit(assembled.export, planner)
        list(pool.map(render_one, renderings))
    planner.content.save()
