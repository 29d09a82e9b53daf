"""`make status`: the state of every stage, why, when and where it was made, how long it took."""

import sys
from datetime import datetime

from rich.markup import escape
from rich.table import Table

from report.build.documents import Rendering, known_documents, rendering_changes
from report.build.locks import is_held
from report.build.plan import DONE, Planner, Status
from report.build.progress import duration
from report.build.provenance import left_out, other_versions
from report.build.slurm_queue import JobState
from report.build.slurm_record import in_queue
from report.errors import ColophonError
from report.terminal import terminal

STYLES = {
    "fresh": "green",
    "recorded": "green",
    "stale": "yellow",
    "after": "yellow",
    "missing": "red",
    "running": "cyan",
    "queued": "cyan",
    "failed": "bold red",
}

Queue = dict[str, tuple[str, JobState]]


def describe(planner: Planner, status: Status, queue: Queue) -> tuple[str, str]:
    """The state in one word, and what there is to say about it; `queue` holds the Slurm jobs by task."""
    task, project = status.task, planner.project
    if task.id in queue:
        job, state = queue[task.id]
        if state.state == "PENDING":
            return "queued", f"job {job} waits: {state.reason}"
        return "running", f"job {job} on {state.node}"
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
    absent = left_out(status.provenance)
    notes = ["the next build restores it"] * (status.state == "recorded")
    notes += ["restored"] * ("restored" in status.provenance)
    notes += [f"without {', '.join(absent)}"] if absent else []
    notes += [f"the data {name} are not here, taken as unchanged" for name in status.missing]
    if others := other_versions(status.provenance):
        notes.append(f"made with other versions: {', '.join(others)}")
    return notes


def table(planner: Planner, statuses: list[Status], queue: Queue) -> Table:
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("stage", "state", "because", "made", "on", "took"):
        grid.add_column(heading, overflow="fold", no_wrap=heading not in ("because", "on"))
    for status in statuses:
        state, note = describe(planner, status, queue)
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


def queue_of(planner: Planner) -> Queue:
    """The jobs that Slurm has for this profile; where it does not answer, none, and it is said."""
    try:
        return in_queue(planner.project)
    except ColophonError as error:
        print(f"which jobs are queued can't be told: {error}", file=sys.stderr)
        return {}


def show(planner: Planner) -> None:
    """Print the table, the documents' state, and the time a build would take."""
    console = terminal()
    statuses = planner.statuses()
    console.print(f"profile [bold]{planner.project.profile}[/]")
    console.print(table(planner, statuses, queue_of(planner)))
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
