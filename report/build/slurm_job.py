"""What a Slurm job does: waits until its node sees what the stage reads, then runs the stage."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from report.build.content import Content
from report.build.pipeline import Task
from report.build.plan import Planner
from report.build.project import Project, open_project
from report.build.provenance import left_out, output_hashes, read_provenance
from report.errors import ColophonError

FILE_WAIT = 60.0  # seconds within which a shared file system must show what another machine wrote
LOOK_EVERY = 0.5


@dataclass(frozen=True)
class StageJob:
    """One stage, to be called in the job; submitit pickles it.

    Attributes:
        root: the project's folder, the same on every node.
        task: the id of the stage.
        needs: for each stage that it reads, the digest of the outputs that it must find.
        whole: whether every output is wanted, also those that records leave out.
    """

    root: str
    profile: str
    task: str
    needs: dict[str, str]
    whole: bool = False

    def __call__(self) -> None:
        # submitit asks Slurm for this signal before the time limit; it would end the stage too early
        signal.signal(signal.SIGUSR2, signal.SIG_IGN)
        project = open_project(self.profile, Path(self.root))
        try:
            wait_for_needs(project, self.needs)
        except ColophonError as error:
            failed = Planner(project).tasks[self.task].state_file(project, "failed")
            failed.write_text(f"{self.task}: {error}\n", encoding="utf-8")
            raise SystemExit(f"error: {self.task}: {error}") from None
        words = ["-m", "report", "run", "--alone", "--profile", self.profile, self.task]
        words += ["--whole"] * self.whole
        environment = os.environ | {"COLOPHON_ALLOCATED": "1"}
        status = subprocess.run([sys.executable, *words], check=False, env=environment).returncode
        if status:
            raise SystemExit(status if status > 0 else 128 - status)


def wait_for_needs(project: Project, needs: dict[str, str], patience: float = FILE_WAIT) -> None:
    """Return when every result in `needs` lies here whole, with the digest given.

    Raises ColophonError, naming the first that does not, after `patience` seconds.
    """
    tasks = Planner(project).tasks
    end = time.monotonic() + patience
    for need, digest in needs.items():
        while not (is_whole(project, tasks[need]) and digest_of(project, tasks[need]) == digest):
            if time.monotonic() > end:
                raise ColophonError(
                    f"{os.uname().nodename} does not see the result of {need} as it was made"
                    f" ({patience:.0f} s after this job began)",
                    "Keep the project on a file system that the login node and all others share.",
                )
            time.sleep(LOOK_EVERY)


def digest_of(project: Project, task: Task) -> str:
    """The digest of the outputs of `task`, as its provenance has it, and what a record left out of them;
    empty without a result."""
    made = read_provenance(project, task)
    return " without ".join([made.get("digest", ""), *left_out(made)])


def is_whole(project: Project, task: Task) -> bool:
    """Whether every output is there that the provenance lists, with the content that it lists; what a
    record left out may be absent."""
    made = read_provenance(project, task)
    if not made:
        return False
    listed = {name: hashed for name, hashed in made["outputs"].items() if name not in left_out(made)}
    try:
        return listed.items() <= output_hashes(Content(project.cache), task.directory(project)).items()
    except OSError:  # seen in the folder, and not yet to be read
        return False
