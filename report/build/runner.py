"""Runs one task: its folder appears whole, with its provenance, or not at all."""

import contextlib
import os
import shutil
import time
from pathlib import Path

from report.build import children, locks, logs
from report.build.beside import results_read
from report.build.content import write_json
from report.build.execute import execute
from report.build.imports import code_used, require_own
from report.build.pipeline import Task
from report.build.place import clear_leftovers, in_words, put_in_place
from report.build.plan import NOTHING, Planner
from report.build.project import Project
from report.build.provenance import (
    LOG,
    make_provenance,
    now,
    output_hashes,
    require_own_files,
    version_control,
    write_provenance,
)
from report.build.restore import restore
from report.errors import ColophonError


def run(planner: Planner, task: Task, force: bool = False, whole: bool = False) -> str:
    """Run `task`, holding its lock, unless it is fresh or its recorded result can be restored.

    An error leaves the earlier result in place, the log at `state/<task>.log`, and the error's
    text at `state/<task>.failed` for `make status`.

    Args:
        planner: of the project.
        task: what to run.
        force: run it in any case.
        whole: run it unless its result has every output, also those that records leave out.

    Returns:
        `fresh`, `restored`, or `ran`.
    """
    project = planner.project
    with locks.exclusive(task.state_file(project, "lock"), task.id):
        clear_leftovers(project, task)
        require_needs(planner, task)
        status = planner.status(task, set(), {task.id: "needed whole"} if whole else NOTHING)
        if status.state == "fresh" and not force:
            return "fresh"
        if status.state == "recorded" and not force:
            restore(planner, task)
            return "restored"
        if planner.is_frozen(task):
            why = "; ".join(status.because) or "forced"
            raise ColophonError(f"{task.id}: FROZEN=1 runs no stage, and it is {status.state} ({why})")
        for error in status.missing.values():
            raise error
        failed = task.state_file(project, "failed")
        failed.unlink(missing_ok=True)
        try:
            with locks.device(task.row.device, task.id):
                attempt(planner, task)
        except BaseException as error:
            with contextlib.suppress(OSError):
                failed.write_text(f"{message(task, error)}\n", encoding="utf-8")
            raise
        planner.content.save()
    return "ran"


def message(task: Task, error: BaseException) -> str:
    """What went wrong, naming the task."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    text = str(error) if isinstance(error, ColophonError) else f"{type(error).__name__}: {error}"
    return text if task.id in text else f"{task.id}: {text}"


def require_needs(planner: Planner, task: Task) -> None:
    """Raise ColophonError, naming the first, if a task that this one builds on has no fresh result."""
    for need in planner.statuses(set(task.needs)):
        if need.state != "fresh" and not (planner.project.shows_stale and need.provenance):
            raise ColophonError(
                f"{task.id} needs {need.task.id}, which is {need.state} ({'; '.join(need.because)})",
                f"Run it first, or build again if it was edited meanwhile: make run STAGE={need.task.id} "
                f"PROFILE={planner.project.profile}",
            )


def require_needed(planner: Planner, task: Task) -> None:
    """Raise ColophonError if `task` has read files of results that it does not name among its needs."""
    project = planner.project
    needed = tuple(f"{project.relative(planner.tasks[need].directory(project))}/" for need in task.needs)
    if found := [path for path in results_read(project) if not path.startswith(needed)]:
        raise ColophonError(
            f"{task.id} reads {', '.join(found)}, of results that it does not need",
            "Name their stages under `needs` in pipeline.yaml, and take them from `inputs`.",
        )


def attempt(planner: Planner, task: Task) -> None:
    """One run of `task` in a temporary folder that is put in place at the end."""
    project = planner.project
    temporary = task.state_file(project, f"tmp-{os.getpid()}")
    log = task.state_file(project, "log")
    versioned = version_control(project)
    begun, started = time.monotonic(), now()
    try:
        temporary.mkdir(parents=True)
        with logs.kept(log), children.supervised():
            done = execute(planner, task, temporary, checkpoint_folder(project, task))
        require_own_files(task, temporary)
        if done.metrics is not None:
            write_json(temporary / "metrics.json", done.metrics)
        require_own(project, task.id)
        require_needed(planner, task)
        done.parts["modules"] = code_used(project, planner.content)  # some only while it ran
        shutil.copyfile(log, temporary / LOG)
        outputs = output_hashes(planner.content, temporary)
        if not outputs:
            raise ColophonError(f"{task.id} wrote nothing")
        provenance = make_provenance(
            project, task, done.parts, outputs,
            seed=done.parts["settings"].get("seed"), schema=done.schema, facts=done.facts, reads=done.reads,
            started=started, seconds=round(time.monotonic() - begun, 3), **versioned,
        )  # fmt: skip
        write_provenance(temporary, provenance)
        put_in_place(temporary, task.directory(project), task.state_file(project, "old"))
        log.unlink()
        shutil.rmtree(checkpoint_folder(project, task), ignore_errors=True)
    except OSError as error:
        raise ColophonError(f"{task.id}: {in_words(error)}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def checkpoint_folder(project: Project, task: Task) -> Path:
    return task.state_file(project, "checkpoint")
