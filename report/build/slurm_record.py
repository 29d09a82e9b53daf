"""The jobs that Slurm has for a profile, kept on disk: a later build goes on with them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from report.build.content import digest, read_json, write_json
from report.build.pipeline import Task
from report.build.plan import Planner
from report.build.project import Project
from report.build.provenance import key_of, read_provenance
from report.build.slurm_queue import JobState, Resources, states
from report.build.source import closure


def folder(project: Project) -> Path:
    return project.build / "state" / "slurm"


def file(project: Project) -> Path:
    return folder(project) / "jobs.json"


def job_folder(project: Project, task_id: str) -> Path:
    """Where the script and the logs of a task's last job lie."""
    return folder(project) / task_id.replace("/", ".")


@contextmanager
def held(project: Project) -> Iterator[dict[str, dict[str, str]]]:
    """The jobs by task, `{"job": number, "key": what it was submitted for}`, to be changed in place.

    Held against a second build for as long, so that no task is submitted twice.
    """
    folder(project).mkdir(parents=True, exist_ok=True)
    with FileLock(file(project).with_suffix(".lock")):
        jobs: dict[str, Any] = read_json(file(project))
        before = dict(jobs)
        yield jobs
        if jobs != before:
            write_json(file(project), jobs)


def forget(project: Project, task_id: str, job: str) -> None:
    """Drop `job` from the record, unless another build has replaced it."""
    with held(project) as jobs:
        if jobs.get(task_id, {}).get("job") == job:
            del jobs[task_id]


def submission_key(planner: Planner, task: Task, resources: Resources) -> str:
    """What `task` would be submitted for: its code as far as its imports tell, settings, inputs, data,
    and the resources it asks for."""
    modules = closure(planner.project, planner.content, task.script)
    data = read_provenance(planner.project, task).get("data")
    parts, _ = planner.key_parts(task, modules, data)
    return digest([key_of(parts), vars(resources), planner.project.partition, planner.project.account])


def in_queue(project: Project) -> dict[str, tuple[str, JobState]]:
    """The recorded tasks whose jobs have not ended: the job's number and how it stands.

    Asks Slurm only where jobs are recorded. Raises ColophonError where it does not answer.
    """
    jobs = read_json(file(project))
    if not jobs:
        return {}
    now = states()
    alive = {task: entry["job"] for task, entry in jobs.items() if entry["job"] in now}
    return {task: (job, now[job]) for task, job in alive.items() if not now[job].ended}
