"""What is asked of Slurm: which partitions there are, how jobs stand, to take or to cancel one."""

import contextlib
import io
import math
import os
import shutil
import subprocess
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from report.build.pipeline import Row
from report.build.project import ENGINE, Project
from report.build.slurm_job import StageJob
from report.errors import ColophonError, suggestion

COMMANDS = ("sbatch", "srun", "squeue", "sinfo", "scancel")
ENDED = {
    "BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY",
    "PREEMPTED", "REVOKED", "TIMEOUT",
}  # fmt: skip
# What belongs to the Make that submits, and what srun would take for a wish of its own
NOT_FOR_JOBS = (
    "COLOPHON_PLAN", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKE_TERMOUT", "MAKE_TERMERR",
    "SLURM_PARTITION", "SLURM_ACCOUNT",
)  # fmt: skip
LIMIT = (4.0, 10)  # a stage may take this many times its expected minutes, and at least so many


@dataclass(frozen=True)
class JobState:
    """How a job stands: Slurm's word for it, why it waits or ended, and on which node it is."""

    state: str
    reason: str = ""
    node: str = ""

    @property
    def ended(self) -> bool:
        return self.state in ENDED


@dataclass(frozen=True)
class Resources:
    """What a job asks for: threads, GPUs, minutes, and GiB of memory (None: what the cluster gives)."""

    cpus: int
    gpus: int
    minutes: int
    memory: float | None

    def __str__(self) -> str:
        count = [f"{self.cpus} CPU", f"{self.gpus} GPU" if self.gpus else "", f"{self.minutes} min"]
        return ", ".join(filter(None, [*count, f"{self.memory:g} GiB" if self.memory else ""]))

    @classmethod
    def of(cls, row: Row, has_gpus: bool) -> "Resources":
        """What `row` declares; `auto` takes a GPU where the partition has any (`has_gpus`)."""
        gpus = 1 if row.device == "gpu" or (row.device == "auto" and has_gpus) else 0
        factor, least = LIMIT
        minutes = row.limit or max(least, factor * row.minutes)
        return cls(row.cpus, gpus, math.ceil(minutes), row.memory)


def require_slurm(project: Project) -> bool:
    """Whether the partition has GPUs.

    Raises ColophonError where Slurm is not installed, does not answer, or lacks the partition.
    """
    if missing := [name for name in COMMANDS if shutil.which(name) is None]:
        raise ColophonError(
            f"EXECUTOR=slurm: no {missing[0]} on the PATH",
            "Run it on a login node of the cluster, or leave EXECUTOR out to run the stages here.",
        )
    lines = [line.partition(" ") for line in ask("sinfo", "-h", "-o", "%P %G").splitlines()]
    known = {name.rstrip("*") for name, _, _ in lines}
    wanted = project.partition
    if wanted and wanted not in known:
        raise ColophonError(
            f"SLURM_PARTITION={wanted}: no such partition", suggestion(wanted, sorted(known))
        )
    chosen = [gres for name, _, gres in lines if (name.rstrip("*") == wanted if wanted else "*" in name)]
    return any("gpu" in gres for gres in chosen)


def ask(*words: str) -> str:
    """What a command of Slurm prints. Raises ColophonError with what it complained of."""
    if shutil.which(words[0]) is None:
        raise ColophonError(f"no {words[0]} on the PATH", "Run it on a login node of the cluster.")
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        complaint = done.stderr.strip() or f"exit status {done.returncode}"
        raise ColophonError(f"{words[0]}: {complaint}", "Is the cluster's controller running?")
    return done.stdout


def states() -> dict[str, JobState]:
    """How each of the user's jobs stands that Slurm still knows of, by its number.

    Raises ColophonError where the controller does not answer.
    """
    lines = ask("squeue", "--me", "-h", "-t", "all", "-o", "%i|%T|%r|%N").splitlines()
    fields = (line.split("|", 3) for line in lines)
    return {job: JobState(state, reason, node) for job, state, reason, node in fields}


def submit(project: Project, job: StageJob, resources: Resources, folder: Path) -> str:
    """Hand `job` to Slurm; the number that it got.

    Args:
        folder: for the job's script, its logs and what submitit keeps of it; emptied first.

    Raises ColophonError with Slurm's own words where it refuses.
    """
    import submitit  # slow to import, and only needed here
    from submitit.core.utils import FailedJobError, FailedSubmissionError

    shutil.rmtree(folder, ignore_errors=True)
    for name in NOT_FOR_JOBS:
        os.environ.pop(name, None)
    paths = [str(ENGINE), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(path for path in paths if path))
    wishes = {
        "partition": project.partition or None,
        "account": project.account or None,
        "gpus_per_node": resources.gpus or None,
        "mem": f"{math.ceil(resources.memory * 1024)}M" if resources.memory else None,
    }
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")  # it misses sacct, which is not asked for anything here
            executor = submitit.SlurmExecutor(folder)
            executor.update_parameters(
                job_name=f"colophon:{job.task}",
                cpus_per_task=resources.cpus,
                srun_args=[f"--cpus-per-task={resources.cpus}"],  # srun no longer takes over sbatch's
                time=resources.minutes,
                additional_parameters={"requeue": True},
                **{key: value for key, value in wishes.items() if value is not None},
            )
            return executor.submit(job).job_id
    except (FailedJobError, FailedSubmissionError) as error:
        raise ColophonError(
            f"{job.task}: Slurm refused it ({resources}): {complaint_of(error)}",
            "Change the stage's row in pipeline.yaml, or name another SLURM_PARTITION or SLURM_ACCOUNT.",
        ) from None


def complaint_of(error: Exception) -> str:
    """sbatch's own words in what submitit raised: without its traceback and sbatch's prefixes."""
    lines = [line for line in str(error).splitlines() if line.startswith("sbatch: error: ")]
    return "; ".join(line.removeprefix("sbatch: error: ") for line in lines) or str(error).strip()


def cancel(jobs: Iterable[str]) -> None:
    """Cancel jobs; those that have ended meanwhile are no error."""
    subprocess.run(["scancel", *jobs], capture_output=True, check=False)
