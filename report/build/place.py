"""How a result's folder comes into place: whole, by renaming, so that a kill leaves the old one or none."""

import shutil
from pathlib import Path

from report.build.pipeline import Task
from report.build.project import Project


def clear_leftovers(project: Project, task: Task) -> None:
    """Remove what a killed run left behind; the result that it had moved aside goes back."""
    aside, final = task.state_file(project, "old"), task.directory(project)
    if aside.exists() and not final.exists():
        aside.rename(final)
    for leftover in [aside, *aside.parent.glob(f"{aside.stem}.tmp-*")]:
        shutil.rmtree(leftover, ignore_errors=True)


def put_in_place(temporary: Path, final: Path, aside: Path) -> None:
    """Rename `temporary` to `final`; an earlier folder there is moved `aside` first, then removed."""
    final.parent.mkdir(parents=True, exist_ok=True)
    if final.exists():
        final.rename(aside)
    temporary.rename(final)
    shutil.rmtree(aside, ignore_errors=True)


def in_words(error: OSError) -> str:
    """What the system refused; numpy tells of a full disk only how much it could not write."""
    if error.errno is None:
        return f"{error} (if these are bytes or items to write: is the disk full?)"
    return f"{error.strerror}: {error.filename}" if error.filename else f"{error.strerror}"
