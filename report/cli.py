"""The command line; the Makefile is its front door."""

import argparse
import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

from report import THREADS
from report.build.makefile import announce, expected_seconds, plan, rules, rules_file
from report.build.plan import Planner
from report.build.progress import duration
from report.build.project import Project, check_jobs, open_project
from report.errors import ColophonError
from report.options import parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status, errors are printed to stderr."""
    words = sys.argv[1:] if arguments is None else arguments
    options = parser(words).parse_args(words)
    signal.signal(signal.SIGTERM, terminate)
    try:
        if options.command == "new":
            return new_command(options)
        return COMMANDS[options.command](open_project(options.profile), options)
    except ColophonError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        print(f"error: {error.strerror or error}{where}", file=sys.stderr)
        return 1
    except Terminated:
        return 143
    except KeyboardInterrupt:
        print("interrupted; earlier results are as they were", file=sys.stderr)
        return 130


class Terminated(KeyboardInterrupt):
    """SIGTERM, as Make sends it to the stages that run when it is told to stop."""


def terminate(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not interrupt the cleaning up
    raise Terminated


def run_command(project: Project, options: argparse.Namespace) -> int:
    """Every task named, in order; without `--alone` each in a process of its own, needs first."""
    planner = Planner(project)
    tasks = planner.task(options.stage)
    named = {task.id for task in tasks}
    statuses = [] if options.alone else planner.statuses(named, named if options.force else ())
    stale_needs = [s for s in statuses if s.state != "fresh" and s.task.id not in named]
    if len(tasks) == 1 and not stale_needs:
        whole = options.whole or any(s.whole for s in statuses)
        return run_one(planner, tasks[0].id, options.force, whole)
    if options.alone:
        return max(run_one(planner, task.id, options.force, options.whole) for task in tasks)
    for status in statuses:
        task = status.task
        force = options.force and task.id in named
        if status.state == "fresh" and not force:
            continue
        words = [sys.executable, "-m", "report", "run", "--alone", "--profile", project.profile, task.id]
        whole = status.whole or (options.whole and task.id in named)
        done = subprocess.run(words + ["--force"] * force + ["--whole"] * whole, check=False)
        if done.returncode:
            return done.returncode
    return 0


def run_one(planner: Planner, task_id: str, force: bool, whole: bool) -> int:
    """One task in this process. A failure shows its own error first, the log's path second."""
    task, project = planner.tasks[task_id], planner.project
    fix_environment(task.row.cpus)
    from report.build.runner import message, run  # numpy is slow to import, and planning does without

    begun = time.monotonic()
    try:
        how = run(planner, task, force, whole)
    except Exception as error:
        log = task.state_file(project, "log")
        where = f"  log: {project.relative(log)}\n" if log.is_file() else ""
        sys.stderr.write(f"error: {message(task, error)}\n{where}")  # at once: others may write beside it
        return 1
    seconds = duration(time.monotonic() - begun)
    took = {"ran": seconds, "fresh": "already fresh", "restored": f"{seconds}, restored"}[how]
    print(f"✓ {task_id}  {took}{count_off(task_id)}", flush=True)
    return 0


def fix_environment(cpus: int) -> None:
    """Fix the order of sets and the number of threads, which changes the order of sums.

    Python reads the one when it starts, numpy and torch the other when they are loaded: where that
    is past, this process starts again.
    """
    wanted = dict.fromkeys(THREADS, str(cpus)) | {"PYTHONHASHSEED": "0"}
    differ = {name for name, value in wanted.items() if os.environ.get(name) != value}
    os.environ.update(wanted)
    if "PYTHONHASHSEED" in differ or (differ and "numpy" in sys.modules):
        os.execv(sys.executable, [sys.executable, "-m", "report", *sys.argv[1:]])


def count_off(task_id: str) -> str:
    """Note in the plan's tally that this task is done; says how many are, and the time left."""
    if not (plan_file := os.environ.get("COLOPHON_PLAN")):
        return ""
    expected = expected_seconds(Path(plan_file))
    tally = Path(f"{plan_file}.done")
    with tally.open("a", encoding="utf-8") as file:
        file.write(task_id + "\n")
    done = set(tally.read_text(encoding="utf-8").split("\n")) & expected.keys()
    left = sum(seconds for name, seconds in expected.items() if name not in done)
    jobs = int(os.environ.get("COLOPHON_JOBS", "1"))
    until = f", about {duration(left / jobs)} left" if left else ""
    return f"  ({len(done)} of {len(expected)}{until})"


def plan_command(project: Project, options: argparse.Namespace) -> int:
    """Writes the goal's rules (see `rules_file`), or removes them where there is nothing to do for Make."""
    from report.build.content import write_whole
    from report.build.documents import require_document

    check_jobs(options.jobs)
    planner = Planner(project)
    require_document(planner, options.doc) if options.goal not in ("experiments", "figures") else None
    file = rules_file(project, options.goal, options.doc)
    found = plan(planner, options.goal, options.doc)
    stale, render = found.run, found.render
    if found.restored:
        print(
            f"{project.profile}: {found.restored} restored from {project.relative(planner.recorded.folder)}"
        )
    Path(f"{file}.done").unlink(missing_ok=True)
    if not stale and not render:
        file.unlink(missing_ok=True)
        what = options.doc if options.goal == "report" else options.goal
        print(f"{project.profile}: {what} is up to date")
        return 0
    if stale and project.executor == "slurm":
        from report.build.slurm_queue import require_slurm

        require_slurm(project)
    if render and project.renderer != "auto":
        from report.render.document import choose

        choose(project.renderer)  # refused now, not after an hour of stages, where it is missing
    if stale and render:
        from report.document.checks import require_sound

        require_sound(planner, options.doc)  # now, not after an hour of stages
    print(announce(stale, render, options.goal, project.profile), flush=True)
    if options.render and not stale:  # spares Make and the start of two processes
        file.unlink(missing_ok=True)
        return render_now(planner, options.doc, [rendering.format for rendering in render], is_fresh=True)
    write_whole(file, rules(planner, stale, render, file).encode())  # another build may read it now
    return 0


def make_command(project: Project, options: argparse.Namespace) -> int:
    from report.build.fork_server import run_make

    return run_make(rules_file(project, options.goal, options.doc), options.words)


def submit_command(project: Project, options: argparse.Namespace) -> int:
    from report.build.slurm import SlurmBuild

    check_jobs(options.jobs)
    return SlurmBuild(Planner(project), int(options.jobs), options.keep_going).run(options.goal)


def render_command(project: Project, options: argparse.Namespace) -> int:
    return render_now(Planner(project), options.document, options.formats, is_fresh=False)


def render_now(planner: Planner, document: str, formats: list[str], *, is_fresh: bool) -> int:
    from report.document.build import build_document

    begun, project = time.monotonic(), planner.project
    paths = build_document(planner, document, formats, is_fresh=is_fresh)
    files = " and ".join(f"{project.relative(p)} ({p.stat().st_size / 1e6:.1f} MB)" for p in paths)
    print(f"✓ {files}  {duration(time.monotonic() - begun)}", flush=True)
    return 0


def check_command(project: Project, options: argparse.Namespace) -> int:
    from report.build.documents import require_document

    planner = Planner(project)
    require_document(planner, options.document)
    from report.document.checks import require_sound

    require_sound(planner, options.document)
    if options.ref is not None:
        from report.compare import require_ref

        require_ref(project, options.document, options.ref)
    return 0


def claims_command(project: Project, options: argparse.Namespace) -> int:
    from report.document.build import assemble_claims
    from report.document.claim_list import show

    show(assemble_claims(Planner(project), options.document))
    return 0


def status_command(project: Project, options: argparse.Namespace) -> int:
    from report.build.status import show

    show(Planner(project))
    return 0


def lint_command(project: Project, options: argparse.Namespace) -> int:
    from report.document.checks import require_all_clean

    require_all_clean(Planner(project))
    print("templates: no number was typed by hand")
    return 0


def record_command(project: Project, options: argparse.Namespace) -> int:
    from report.build.record import record

    print(record(Planner(project)))
    return 0


def record_check_command(project: Project, options: argparse.Namespace) -> int:
    from report.build.record import check

    print(check(Planner(project), options.prune))
    return 0


def clean_command(project: Project, options: argparse.Namespace) -> int:
    from report.build.clean import clean

    print(clean(project))
    return 0


def preview_command(project: Project, options: argparse.Namespace) -> int:
    from report.preview import preview

    check_jobs(options.jobs)
    with contextlib.suppress(KeyboardInterrupt):  # which is how it ends
        preview(project, options.document, options.port, int(options.jobs))
    return 0


def diff_command(project: Project, options: argparse.Namespace) -> int:
    from report.compare import compare

    compare(Planner(project), options.document, options.ref, options.comment, options.all)
    return 0


def new_command(options: argparse.Namespace) -> int:
    from report.new import create

    create(options.name, Path.cwd())
    print(f"✓ {options.name}\n  cd {shlex.quote(options.name)} && make report")
    return 0


COMMANDS = {
    "run": run_command,
    "plan": plan_command,
    "make": make_command,
    "submit": submit_command,
    "render": render_command,
    "check": check_command,
    "claims": claims_command,
    "status": status_command,
    "lint": lint_command,
    "record": record_command,
    "record-check": record_check_command,
    "clean": clean_command,
    "diff": diff_command,
    "preview": preview_command,
}
