"""How a result's folder comes into place: whole, by renaming, so that a kill leaves the old one or none."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from report.build.locks import if_free
from report.build.pipeline import Task
from report.build.project import Project

SHORT_WRITE = re.compile(r"\d+ requested and \d+ written")  # numpy's words


def clear_leftovers(project: Project, task: Task) -> None:
    """Remove what a killed run left behind; the result that it had moved aside goes back."""
    aside, final = task.state_file(project, "old"), task.directory(project)
    if aside.exists() and not final.exists():
        aside.rename(final)
    for leftover in [aside, *aside.parent.glob(f"{aside.stem}.tmp-*")]:
        shutil.rmtree(leftover, ignore_errors=True)


def tidy(project: Project, tasks: list[Task]) -> None:
    """Remove what kills left behind of `tasks`, which are fresh: no run of theirs would come to do it."""
    state = project.build / "state"
    there = {path.name for path in state.iterdir()} if state.is_dir() else set()
    for task in tasks:
        stem = task.state_file(project, "").name
        kinds = {name.removeprefix(stem) for name in there if name.startswith(stem)}
        if not any(kind in ("old", "checkpoint", "log") or kind.startswith("tmp-") for kind in kinds):
            continue
        with if_free(task.state_file(project, "lock")) as free:
            if free:
                clear_leftovers(project, task)
                shutil.rmtree(task.state_file(project, "checkpoint"), ignore_errors=True)
                task.state_file(project, "log").unlink(missing_ok=True)


def put_back(project: Project, tasks: Iterable[Task]) -> None:
    """Put back the results that runs had moved aside when they were killed."""
    for task in tasks:
        if task.state_file(project, "old").exists() and not task.directory(project).exists():
            with if_free(task.state_file(project, "lock")) as free:
                if free:
                    clear_leftovers(project, task)


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
        return f"{error} (is the disk full?)" if SHORT_WRITE.fullmatch(str(error)) else str(error)
    return f"{error.strerror}: {error.filename}" if error.filename else f"{error.strerror}"
