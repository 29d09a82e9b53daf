"""Runs one task: its folder appears whole, with its provenance, or not at all."""

import contextlib
import os
import shutil
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from report.build import locks
from report.build.content import write_json
from report.build.execute import execute
from report.build.pipeline import Task
from report.build.plan import Planner, Status
from report.build.project import Project
from report.build.provenance import LOG, PROVENANCE, make_provenance, now, output_hashes
from report.build.source import imported_modules, module_hash
from report.errors import ColophonError


def run(planner: Planner, task: Task, force: bool = False) -> bool:
    """Run `task` unless it is fresh, holding its lock; True if it ran.

    An error leaves the earlier result in place, the log at `state/<task>.log`, and the error's
    text at `state/<task>.failed` for `make status`.
    """
    project = planner.project
    with locks.exclusive(task.state_file(project, "lock"), task.id):
        status = planner.status(task, set())
        if status.state == "fresh" and not force:
            return False
        require_inputs(planner, task, status)
        for leftover in task.state_file(project, "log").parent.glob(f"{task.id.replace('/', '.')}.tmp-*"):
            shutil.rmtree(leftover)
        failed = task.state_file(project, "failed")
        failed.unlink(missing_ok=True)
        try:
            with locks.device(task.row.device, task.id):
                attempt(planner, task)
        except KeyboardInterrupt:
            failed.write_text("interrupted\n")
            raise
        except BaseException as error:
            with contextlib.suppress(OSError):
                failed.write_text(f"{error}\n")
            raise
        planner.content.save()
    return True


def require_inputs(planner: Planner, task: Task, status: Status) -> None:
    """Raise ColophonError if data are missing or a needed task has no fresh result."""
    if status.missing:
        raise status.missing[0]
    for need in task.needs:
        state = planner.status(planner.tasks[need], set())
        if state.state != "fresh":
            raise ColophonError(
                f"{task.id} needs {need}, which is {state.state} ({'; '.join(state.because)})",
                f"Run it first: python -m report run {need} --profile {planner.project.profile}",
            )


def attempt(planner: Planner, task: Task) -> None:
    """One run of `task` in a temporary folder that is put in place at the end."""
    project = planner.project
    temporary = task.state_file(project, f"tmp-{os.getpid()}")
    log = task.state_file(project, "log")
    begun, started = time.monotonic(), now()
    try:
        temporary.mkdir(parents=True)
        with log.open("w", encoding="utf-8") as file, tee(file):
            done = execute(planner, task, temporary, checkpoint_folder(project, task))
            if done.metrics is not None:
                write_json(temporary / "metrics.json", done.metrics)
        late = (path for path in imported_modules(project) if path not in done.parts["modules"])
        done.parts["modules"] |= {p: module_hash(project, planner.content, p) for p in late}
        shutil.copyfile(log, temporary / LOG)
        outputs = output_hashes(planner.content, temporary)
        if not outputs:
            raise ColophonError(f"{task.id} wrote nothing", f"See the log: {project.relative(log)}")
        provenance = make_provenance(
            project, task, done.parts, outputs,
            seed=done.parts["settings"].get("seed"), schema=done.schema,
            started=started, seconds=round(time.monotonic() - begun, 3),
        )  # fmt: skip
        write_json(temporary / PROVENANCE, provenance)
        put_in_place(temporary, task.directory(project))
        log.unlink()
        shutil.rmtree(checkpoint_folder(project, task), ignore_errors=True)
    except OSError as error:
        if error.filename is None and error.errno is None:
            raise
        raise ColophonError(f"{task.id}: {error.strerror}: {error.filename or temporary}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def checkpoint_folder(project: Project, task: Task) -> Path:
    return task.state_file(project, "checkpoint")


def put_in_place(temporary: Path, final: Path) -> None:
    """Rename `temporary` to `final`; an earlier folder there is moved aside first, then removed."""
    final.parent.mkdir(parents=True, exist_ok=True)
    aside = temporary.with_suffix(".old")
    if final.exists():
        final.rename(aside)
    temporary.rename(final)
    shutil.rmtree(aside, ignore_errors=True)


class Tee:
    """A text stream that also writes to a log."""

    def __init__(self, stream: TextIO, log: TextIO) -> None:
        self._stream = stream
        self._log = log

    def write(self, text: str) -> int:
        self._log.write(text)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def tee(log: TextIO) -> Iterator[None]:
    """Copy what the stage prints, and the traceback it ends with, to `log`."""
    out, err = Tee(sys.stdout, log), Tee(sys.stderr, log)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):  # type: ignore[type-var]
        try:
            yield
        except BaseException:
            log.write(traceback.format_exc())
            raise
