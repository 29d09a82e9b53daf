"""Builds a document's page in processes that have loaded the engine before they are asked.

A process a build, for what it imports of the project must not outlive an edit; started ahead, for loading
the engine takes longer than building the page.
"""

import os
import subprocess
import sys
from pathlib import Path

from report.build.content import write_whole
from report.build.documents import require_document
from report.build.makefile import announce, plan, rules, rules_file
from report.build.plan import Planner
from report.build.project import open_project

PATIENCE = 10.0  # seconds, for a process that was told to end


class Builder:
    """Keeps one such process waiting for the next build.

    Args:
        profile, document: what to build.
        jobs: stages that run side by side, where an edit makes some stale.
    """

    def __init__(self, profile: str, document: str, jobs: int) -> None:
        self.words = [sys.executable, "-m", "report.preview", profile, document, str(jobs)]
        self.next = self.start()

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(self.words, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def build(self, prose_alone: bool) -> str:
        """Bring the page up to date; returns what went wrong, empty where nothing did.

        Args:
            prose_alone: only watched templates changed since a build that went well: don't plan.
        """
        _, told = self.next.communicate("prose\n" if prose_alone else "all\n")
        status = self.next.returncode
        self.next = self.start()
        if not status:
            sys.stderr.write(told)
            return ""
        lines = [line for line in told.splitlines() if not line.startswith("make")]
        return "\n".join(lines) or f"error: the build ended with status {status}"

    def close(self) -> None:
        """End the process that waits, or the one that builds."""
        self.next.terminate()
        try:
            self.next.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.next.kill()


def build(profile: str, document: str, jobs: int, prose_alone: bool) -> int:
    """Plan; run Make where stages are stale, else render the page here. Returns the exit status."""
    from report.document.build import build_document

    planner = Planner(open_project(profile))
    require_document(planner, document)
    if prose_alone:
        build_document(planner, document, ["html"], is_fresh=True)
        return 0
    found = plan(planner, "html", document)
    if found.run:
        file = rules_file(planner.project, "html", document)
        Path(f"{file}.done").unlink(missing_ok=True)
        print(announce(found.run, found.render, "html", profile), flush=True)
        write_whole(file, rules(planner, found.run, found.render, file).encode())
        environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS")}
        make = [environment.get("MAKE", "make"), "--no-print-directory"]
        words = [*make, "-f", planner.project.relative(file), f"-j{jobs}"]
        report = [sys.executable, "-m", "report", "make", "--profile", profile, "--doc", document, "html"]
        return subprocess.run([*report, *words], check=False, env=environment).returncode
    if found.render:
        build_document(planner, document, ["html"], is_fresh=True)
    return 0
