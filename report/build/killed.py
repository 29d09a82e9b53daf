"""Tells of a stage that a signal ended, as the system does where memory runs out."""

import contextlib
import signal
import sys

from report.build.plan import Planner
from report.build.project import open_project
from report.errors import ColophonError
from report.options import parser


def note_end(words: list[str], number: int) -> None:
    """Print what ended the stage that the command line `words` runs, and keep it for `make status`."""
    options = parser(words).parse_args(words)
    why = f"ended by signal {number} ({signal.strsignal(number)})"
    why += ", as the system does where memory runs out" if number == signal.SIGKILL else ""
    try:
        project = open_project(options.profile)
        task = Planner(project).tasks[options.stage]
    except (ColophonError, LookupError, AttributeError):  # edited meanwhile, or no stage
        sys.stderr.write(f"error: {' '.join(words)}: {why}\n")
        return
    log = task.state_file(project, "log")
    where = f"  log: {project.relative(log)}\n" if log.is_file() else ""
    sys.stderr.write(f"error: {task.id}: {why}\n{where}")
    with contextlib.suppress(OSError):  # cleaned meanwhile
        task.state_file(project, "failed").write_text(f"{task.id}: {why}\n", encoding="utf-8")
