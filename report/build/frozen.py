"""`FROZEN=1`: no stage runs; what is stale stops the build or, with `STALE=show`, is shown and marked."""

import functools

from report.build.locks import exclusive
from report.build.plan import DONE, Planner, Status
from report.build.restore import put_entry
from report.errors import ColophonError

REMEDY = (
    "Run them where they can run, with `make experiments` and `make record`; or let STALE=show mark what "
    "rests on them."
)


def to_draw(planner: Planner, wanted: set[str], statuses: list[Status]) -> list[Status]:
    """What a frozen build runs: figures and animations, from results that are there.

    Raises ColophonError with the list of the stages that are stale, unless they may be shown; and of
    those that have no result to show.
    """
    stale = [s for s in statuses if planner.is_frozen(s.task) and s.state not in DONE]
    if stale and not planner.project.shows_stale:
        raise ColophonError(f"FROZEN=1 runs no stage, and {counted(stale)} stale:{listed(stale)}", REMEDY)
    for status in stale:
        restore_stale(planner, status)
    lost = [s for s in stale if not planner.provenance(s.task.id)]
    if lost:
        remedy = "Run them where they can run, with `make experiments`, and `make record` there."
        raise ColophonError(f"STALE=show has no result to show of {len(lost)}:{listed(lost)}", remedy)
    now = planner.statuses(wanted) if stale else statuses
    return [s for s in now if s.task.is_drawn and s.state not in ("fresh", "after")]


def counted(stale: list[Status]) -> str:
    return f"{len(stale)} {'is' if len(stale) == 1 else 'are'}"


def listed(statuses: list[Status]) -> str:
    """A line for each, with its reasons."""
    return "".join(f"\n  {s.task.id}: {'; '.join(s.because)}" for s in statuses)


def restore_stale(planner: Planner, status: Status) -> None:
    """Where a stale stage has no result in the build folder, put the newest recorded one there."""
    task = status.task
    entries = planner.recorded.entries(task)
    with exclusive(task.state_file(planner.project, "lock"), task.id):
        if entries and not planner.provenance(task.id):
            put_entry(planner, task, entries[0])


@functools.lru_cache(maxsize=1)
def stale_shown(planner: Planner) -> dict[str, str]:
    """The tasks whose results a document shows although they are stale, or rest on stale ones; and why."""
    if not planner.project.shows_stale:
        return {}
    return {s.task.id: "; ".join(s.because) for s in planner.statuses() if s.state not in DONE}
