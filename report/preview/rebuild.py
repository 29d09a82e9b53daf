"""One build of a document's page, in a process of its own that has the engine loaded already.

A process a build, for what it imports of the project must not outlive an edit; forked from a server
that has loaded the engine, for loading it takes longer than building the page.
"""

import os
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import forkserver, get_context
from pathlib import Path

from report.build.documents import require_document
from report.build.makefile import announce, plan, rules
from report.build.plan import Planner
from report.build.project import open_project
from report.errors import ColophonError

FORKS = get_context("forkserver")
FORKS.set_forkserver_preload(["report.document.build"])


def start() -> None:
    """Start that server. It hears nothing of Ctrl+C, which would stop its loading with a traceback."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        forkserver.ensure_running()
    finally:
        signal.signal(signal.SIGINT, before)


def rebuild(profile: str, document: str, jobs: int) -> str:
    """Bring the page of `document` up to date; returns what went wrong, empty where nothing did."""
    try:
        with ProcessPoolExecutor(1, mp_context=FORKS) as pool:
            return pool.submit(build, profile, document, jobs).result()
    except BrokenProcessPool:
        return "error: the build was killed"


def build(profile: str, document: str, jobs: int) -> str:
    """The same in this process."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        planner = Planner(open_project(profile))
        require_document(planner, document)
        found = plan(planner, "html", document)
        stale, render = found.run, found.render
        if stale:
            file = planner.project.build / "html.mk"
            Path(f"{file}.done").unlink(missing_ok=True)
            print(announce(stale, render, "html", profile), flush=True)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(rules(planner, stale, render, file), encoding="utf-8")
            return run_make(["-f", planner.project.relative(file), f"-j{jobs}"])
        if render:
            from report.document.build import build_document

            build_document(planner, document, ["html"])
    except (ColophonError, OSError) as error:
        return f"error: {error}"
    except KeyboardInterrupt:
        return "interrupted"
    return ""


def run_make(words: list[str]) -> str:
    """Run Make on the stale stages and the page; returns what it complains of."""
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS")}
    command = [environment.get("MAKE", "make"), "--no-print-directory", *words]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, env=environment)
    if not done.returncode:
        sys.stderr.write(done.stderr)
        return ""
    lines = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    return "\n".join(lines) or f"make ended with status {done.returncode}"
