"""`make status`: the state of every stage, why, when and where it was made, how long it took."""

import sys
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from report.build.documents import Rendering, known_documents, rendering_changes
from report.build.locks import is_held
from report.build.plan import DONE, Planner, Status
from report.build.progress import duration
from report.build.provenance import other_versions

STYLES = {
    "fresh": "green",
    "recorded": "green",
    "stale": "yellow",
    "after": "yellow",
    "missing": "red",
    "running": "cyan",
    "failed": "bold red",
}

PIPE_WIDTH = 160  # columns where no terminal tells its width


def describe(planner: Planner, status: Status) -> tuple[str, str]:
    """The state in one word, and what there is to say about it."""
    task, project = status.task, planner.project
    failed = task.state_file(project, "failed")
    if is_held(task.state_file(project, "lock")):
        return "running", "; ".join(status.because)
    if status.state not in DONE and failed.is_file():
        text = failed.read_text(encoding="utf-8").strip().splitlines()
        log = project.relative(task.state_file(project, "log"))
        return "failed", f"{text[0] if text else 'no message'} (log: {log})"
    if status.state in DONE:
        notes = about_result(status)
    else:
        notes = status.because + [error.problem for error in status.missing.values()]
    return status.state, "; ".join(notes)


def about_result(status: Status) -> list[str]:
    """What is to be known of a result that is fresh, or recorded and about to be."""
    left_out = status.provenance.get("restored", {}).get("left_out", [])
    notes = ["the next build restores it"] * (status.state == "recorded")
    notes += ["restored"] * ("restored" in status.provenance)
    notes += [f"without {', '.join(left_out)}"] if left_out else []
    notes += [f"the data {name} are not here, taken as unchanged" for name in status.missing]
    if others := other_versions(status.provenance):
        notes.append(f"made with other versions: {', '.join(others)}")
    return notes


def table(planner: Planner, statuses: list[Status]) -> Table:
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("stage", "state", "because", "made", "on", "took"):
        grid.add_column(heading, overflow="fold", no_wrap=heading not in ("because", "on"))
    for status in statuses:
        state, note = describe(planner, status)
        made = status.provenance
        when = datetime.fromisoformat(made["started"]).astimezone() if made else None
        hardware = made.get("hardware", {})
        grid.add_row(
            escape(status.task.id),
            f"[{STYLES[state]}]{state}[/]",
            escape(note),
            f"{when:%Y-%m-%d %H:%M}" if when else "",
            escape(hardware.get("gpu") or hardware.get("processor") or ""),
            duration(made["seconds"]) if made else "",
        )
    return grid


def show(planner: Planner) -> None:
    """Print the table, the documents' state, and the time a build would take."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
    statuses = planner.statuses()
    console.print(f"profile [bold]{planner.project.profile}[/]")
    console.print(table(planner, statuses))
    for document in known_documents(planner.project):
        for format in ("html", "pdf"):
            rendering = Rendering(document, format)
            changes = rendering_changes(planner, rendering)
            path = planner.project.relative(rendering.target(planner))
            console.print(f"{path}: {'; '.join(changes) if changes else 'fresh'}")
    left = [status for status in statuses if status.state not in DONE]
    waiting = sum(status.state == "recorded" for status in statuses)
    total = duration(sum(status.seconds for status in left))
    words = [f"{len(left)} to run, about {total} left"] if left else []
    words += [f"{waiting} to restore"] if waiting else []
    console.print(", ".join(words) or "every stage is fresh")
    planner.content.save()
