"""Builds of a tiny project in a fork of the test's process: as fast as builds can be, and easy to kill."""

import os
import sys
import traceback
from collections.abc import Callable

from report.build.makefile import plan
from report.build.plan import Planner
from report.build.project import open_project
from report.build.runner import run
from report.build.source import CODE_FOLDERS
from tests.tiny import Tiny

LOG = "forked.log"


def planner(tiny: Tiny, **variables: str) -> Planner:
    return Planner(open_project(root=tiny.root, env=variables))


def build(tiny: Tiny, goal: str = "experiments", **variables: str) -> None:
    """A build in this process, one stage after the other; prints how each ended."""
    for status in plan(planner(tiny, **variables), goal, "").run:
        now = planner(tiny, **variables)
        print(f"{status.task.id}: {'; '.join(status.because)}")
        print(f"✓ {status.task.id}  {run(now, now.tasks[status.task.id], whole=status.whole)}")


def forked(tiny: Tiny, what: Callable[[Tiny], object]) -> int:
    """Start `what` in a process and a process group of its own, in the project's folder; its number.

    What it prints is added to the file `LOG` there.
    """
    if pid := os.fork():
        return pid
    status = 1
    try:
        os.setsid()
        os.chdir(tiny.root)
        log = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for stream in (1, 2):
            os.dup2(log, stream)
        sys.stdout = os.fdopen(1, "w", buffering=1)
        sys.stderr = os.fdopen(2, "w", buffering=1)
        for name in [name for name in sys.modules if name.split(".")[0] in CODE_FOLDERS]:
            del sys.modules[name]  # of another project, which a test of this process has imported
        what(tiny)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def ended(pid: int) -> int:
    """The exit status of a process, once it has ended; negative the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def built(tiny: Tiny, goal: str = "experiments", **variables: str) -> str:
    """Build in a fork, which must go well; returns what it printed."""
    log = tiny.root / LOG
    log.unlink(missing_ok=True)
    status = ended(forked(tiny, lambda tiny: build(tiny, goal, **variables)))
    text = log.read_text() if log.exists() else ""
    assert status == 0, text
    return text
