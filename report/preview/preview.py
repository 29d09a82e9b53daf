"""Builds the page, serves it, and builds it again after each edit."""

import time

from report.build.documents import Rendering, require_document
from report.build.plan import Planner
from report.build.progress import duration
from report.build.project import Project
from report.preview.builder import Builder
from report.preview.server import State, serve
from report.preview.watch import changed, is_prose, snapshot


def preview(project: Project, document: str, port: str, jobs: int) -> None:
    """Serve the page of `document` until interrupted; each change of the project's sources builds it anew.

    What is wrong with an edit shows on the terminal and in the page, where the last good one stays. Raises
    ColophonError for a document or a port that does not exist, and where the first build can't be planned.
    """
    planner = Planner(project)
    require_document(planner, document)
    state = State(Rendering(document, "html").target(planner))
    server = serve(state, port)
    builder = Builder(project.profile, document, jobs)
    print(f"preview: http://127.0.0.1:{server.server_port}/  (Ctrl+C ends it)", flush=True)
    try:
        seen, prose_alone = snapshot(project.root), False
        while True:
            is_good = build_once(builder, document, state, prose_alone)
            if is_good and prose_alone:  # shown already; now for what is not watched, data for instance
                is_good = build_once(builder, document, state, prose_alone=False, is_check=True)
            before, seen = seen, changed(project.root, seen)
            prose_alone = is_good and is_prose(project.root, before, seen)
    finally:
        builder.close()
        server.shutdown()


def build_once(
    builder: Builder, document: str, state: State, prose_alone: bool, is_check: bool = False
) -> bool:
    """Build, and tell the browsers; whether it went well. A check tells of what it finds alone."""
    begun = time.monotonic()
    if not is_check:
        state.tell(working="building …")
    before = state.page.stat().st_mtime_ns if state.page.is_file() else 0
    problem = builder.build(prose_alone)
    after = state.page.stat().st_mtime_ns if state.page.is_file() else 0
    if problem or after != before or not is_check:
        state.tell(problem=problem, built=after != before)
        print(problem or f"✓ {document}.html  {duration(time.monotonic() - begun)}", flush=True)
    return not problem
