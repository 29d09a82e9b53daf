"""Processes that a stage started: none outlives it, and no fork goes on as if it were the stage."""

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")
SET_PARENT_DEATH_SIGNAL, SET_CHILD_SUBREAPER = 1, 36  # of prctl(2)
TRACKER = b"resource_tracker"  # Python's own, which ends with us and complains where it is ended


@contextlib.contextmanager
def supervised() -> Iterator[None]:
    """End what the code inside leaves running, also where it detached itself; says how many there were.

    A fork that comes out of the code inside, well or with an error, ends here: only the process that
    went in goes on. Where there is no /proc, as on macOS, what is left running is let be.
    """
    parent = os.getpid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # orphans become our children
    try:
        yield
    finally:
        if os.getpid() != parent:
            os._exit(1)
        if count := end_children():
            print(f"{count} process{'es' * (count > 1)} left running by the stage, ended", file=sys.stderr)


def end_with_parent(parent: int) -> None:
    """Have this process told to end (SIGTERM) when `parent`, which forked it, is gone, on Linux."""
    ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def end_children() -> int:
    """Kill every process below this one and wait until they are gone; returns how many there were."""
    ended: set[int] = set()
    while found := running_children(os.getpid()):
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        ended |= found
        time.sleep(0.01)  # for what they had started to become ours
    return len(ended)


def running_children(parent: int) -> set[int]:
    """The processes that `parent` started or adopted and that run; Python's own helper left out."""
    found = set()
    for stat in PROC.glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, ppid = stat.read_bytes().rsplit(b") ", 1)[1].split()[:2]
            ours = int(ppid) == parent and state != b"Z"
            if ours and TRACKER not in stat.with_name("cmdline").read_bytes():
                found.add(int(stat.parent.name))
    return found
