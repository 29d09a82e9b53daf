"""Puts recorded results in place of runs."""

import os
import shutil
from typing import TYPE_CHECKING

from report.build.locks import exclusive
from report.build.pipeline import Task
from report.build.place import clear_leftovers, in_words, put_back, put_in_place, tidy
from report.build.plan import Planner, Status
from report.build.provenance import write_provenance
from report.errors import ColophonError

if TYPE_CHECKING:  # imports Pydantic
    from report.build.entries import Entry


def restore_all(planner: Planner, wanted: set[str]) -> tuple[list[Status], int]:
    """Restore what is recorded of the wanted tasks and what they need; their states, and how many were.

    Raises ColophonError for a recorded result that was altered: nothing is in its place then.
    """
    count = 0
    put_back(planner.project, planner.tasks.values())
    statuses = planner.statuses(wanted)
    recorded = [status for status in statuses if status.state == "recorded"]
    for status in recorded:
        with exclusive(status.task.state_file(planner.project, "lock"), status.task.id):
            clear_leftovers(planner.project, status.task)
            if planner.status(status.task, set()).state == "recorded":  # as after a wait for the lock
                restore(planner, status.task)
                count += 1
    if recorded:
        statuses = planner.statuses(wanted)
    tidy(planner.project, [status.task for status in statuses if status.state == "fresh"])
    return statuses, count


def restore(planner: Planner, task: Task) -> None:
    """Put the recorded result of `task` in place, whose lock is held and whose state is `recorded`."""
    put_entry(planner, task, planner.to_restore(task.id))
    task.state_file(planner.project, "failed").unlink(missing_ok=True)


def put_entry(planner: Planner, task: Task, entry: "Entry") -> None:
    """Unpack `entry`, each file checked, into a folder that is put in place when it is whole."""
    project = planner.project
    temporary = task.state_file(project, f"tmp-{os.getpid()}")
    try:
        for name in entry.kept:
            path = temporary / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(planner.recorded.content(entry, name))
        temporary.mkdir(parents=True, exist_ok=True)
        write_provenance(temporary, entry.provenance | {"restored": {"left_out": entry.left_out}})
        put_in_place(temporary, task.directory(project), task.state_file(project, "old"))
    except OSError as error:
        raise ColophonError(f"{task.id}, restoring it: {in_words(error)}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
