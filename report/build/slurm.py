"""The stale tasks as Slurm jobs: each is submitted when what it needs is done, and waited for."""

import re
import sys
import time
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from report.build import slurm_record as record
from report.build.makefile import plan
from report.build.pipeline import Task
from report.build.plan import Planner
from report.build.progress import duration
from report.build.provenance import read_provenance
from report.build.slurm_job import FILE_WAIT, StageJob, digest_of, is_whole
from report.build.slurm_queue import JobState, Resources, cancel, require_slurm, states, submit
from report.errors import ColophonError

ASK_EVERY = (1.0, 15.0)  # seconds between two looks at the queue: more, the longer nothing happens
TRIES = 20  # submissions of a stage that preemption or a node's failure keeps ending
STOPPED = {"PREEMPTED": "preempted", "NODE_FAIL": "its node failed", "BOOT_FAIL": "its node failed"}
MEMORY = re.compile(r"oom[-_]kill|out of memory|exceeded (step |job )?memory limit", re.IGNORECASE)
FROM_SLURM = ("slurmstepd", "srun:")


@dataclass
class Flight:
    """A task whose job has not been settled.

    Attributes:
        before: the provenance that was there when it was submitted.
        said: what was last printed of it.
        ended: when it was first seen to have ended, on the monotonic clock.
    """

    task: Task
    job: str
    resources: Resources
    before: dict[str, Any]
    tries: int = 1
    said: str = ""
    ended: float | None = None


@dataclass
class SlurmBuild:
    """The jobs of one `make`: runs what is stale, at most `jobs` in the queue at once.

    Attributes:
        keep_going: after a failure go on with what does not depend on it (`make -k`).
        whole: the tasks that must run for what their recorded results leave out, and why.
    """

    planner: Planner
    jobs: int
    keep_going: bool = False
    flying: dict[str, Flight] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    changed: float = field(default_factory=time.monotonic)
    count: int = 0
    total: int = 0
    whole: dict[str, str] = field(default_factory=dict)

    def run(self, goal: str) -> int:
        """Run the stale tasks of `goal`; the exit status. Interrupted, it cancels its jobs."""
        self.has_gpus = require_slurm(self.planner.project)
        stale = plan(self.planner, goal, "").run
        self.whole = {status.task.id: status.because[0] for status in stale if status.whole}
        names = {status.task.id for status in stale}
        needs = {s.task.id: [need for need in s.task.needs if need in names] for s in stale}
        self.total = len(stale)
        self.sorter = TopologicalSorter(needs)
        self.sorter.prepare()
        try:
            self.loop()
        except KeyboardInterrupt:
            self.cancel()
            raise
        return 1 if self.failed else 0

    def loop(self) -> None:
        ready: list[str] = []
        while self.sorter.is_active():
            ready += self.sorter.get_ready()
            while ready and len(self.flying) < self.jobs and self.goes_on:
                self.start(self.planner.tasks[ready.pop(0)])
                ready += self.sorter.get_ready()
            if not self.flying:
                return
            self.look()
            if self.flying:
                least, most = ASK_EVERY
                time.sleep(max(least, min(most, (time.monotonic() - self.changed) / 10)))

    @property
    def goes_on(self) -> bool:
        return self.keep_going or not self.failed

    def start(self, task: Task, tries: int = 1) -> None:
        """Submit `task`, or go on with the job that an earlier build submitted for the same."""
        project, self.changed = self.planner.project, time.monotonic()
        status = self.planner.status(task, set(), self.whole)
        if status.state == "fresh":
            self.settle(task, "already fresh")
            return
        resources = Resources.of(task.row, self.has_gpus)
        before = read_provenance(project, task)
        try:
            if status.missing:
                raise next(iter(status.missing.values()))
            with record.held(project) as jobs:
                key = record.submission_key(self.planner, task, resources)
                job = self.earlier_job(jobs.get(task.id), key)
                word = "goes on as" if job else "queued as"
                if not job:
                    task.state_file(project, "failed").unlink(missing_ok=True)
                    needs = {need: digest_of(project, self.planner.tasks[need]) for need in task.needs}
                    work = StageJob(str(project.root), project.profile, task.id, needs, status.whole)
                    job = submit(project, work, resources, record.job_folder(project, task.id))
                    jobs[task.id] = {"job": job, "key": key}
        except ColophonError as error:
            self.fail(task, str(error))
            return
        print(f"  {task.id}: {word} job {job}", flush=True)
        self.flying[task.id] = Flight(task, job, resources, before, tries)

    def earlier_job(self, entry: dict[str, str] | None, key: str) -> str | None:
        """The recorded job, if it has not ended; one for other code or settings is cancelled."""
        found = states().get(entry["job"]) if entry else None
        if not entry or not found or found.ended:
            return None
        if entry["key"] == key:
            return entry["job"]
        cancel([entry["job"]])
        return None

    def look(self) -> None:
        """Ask the queue once, tell what changed, and settle what ended."""
        try:
            now = states()
        except ColophonError as error:  # the controller restarts, or is busy: the jobs know nothing of it
            print(f"  the queue can't be read, trying again: {error.problem}", file=sys.stderr, flush=True)
            time.sleep(ASK_EVERY[1])
            return
        for flight in list(self.flying.values()):
            state = now.get(flight.job, JobState("UNKNOWN"))
            if state.ended or state.state == "UNKNOWN":
                self.end(flight, state)
            else:
                self.tell(flight, state)

    def tell(self, flight: Flight, state: JobState) -> None:
        flight.ended = None
        if state.state == "PENDING":
            again = "again " if flight.said.startswith("running") else ""
            reason = f": {state.reason}" if state.reason not in ("", "None") else ""
            text = f"queued {again}(job {flight.job}{reason})"
        else:
            text = f"running on {state.node} (job {flight.job})" if state.node else ""
        if text and text.replace("again ", "") != flight.said.replace("again ", ""):
            flight.said, self.changed = text, time.monotonic()
            print(f"  {flight.task.id}: {text}", flush=True)

    def end(self, flight: Flight, state: JobState) -> None:
        """Settle a job that ended, once its result or its error can be seen here."""
        task, project = flight.task, self.planner.project
        if flight.ended is None:
            flight.ended = self.changed = time.monotonic()
        made = read_provenance(project, task)
        if is_whole(project, task) and (
            made != flight.before or self.planner.status(task, set(), self.whole).state == "fresh"
        ):
            self.settle(task, duration(made["seconds"]), flight.job)
            return
        told = self.message_of(task)
        by_a_signal = state.state == "FAILED" and told == "interrupted"  # preempted, with time to end
        stopped = STOPPED.get(state.state) or ("stopped" if by_a_signal else "")
        if stopped and flight.tries < TRIES:
            del self.flying[task.id]
            record.forget(project, task.id, flight.job)
            print(f"  {task.id}: {stopped} (job {flight.job}); it goes on from its checkpoint", flush=True)
            self.start(task, flight.tries + 1)
            return
        waits_for_files = state.state in ("COMPLETED", "UNKNOWN") or (state.state == "FAILED" and not told)
        if not waits_for_files or time.monotonic() > flight.ended + FILE_WAIT:
            del self.flying[task.id]
            record.forget(project, task.id, flight.job)
            self.fail(task, why(flight, state, told, self.slurm_log(task)))

    def settle(self, task: Task, note: str, job: str = "") -> None:
        """`task` is done: what needs it may start."""
        if job:
            del self.flying[task.id]
            record.forget(self.planner.project, task.id, job)
        self.count += 1
        self.sorter.done(task.id)
        print(f"✓ {task.id}  {note}  ({self.count} of {self.total})", flush=True)

    def fail(self, task: Task, text: str) -> None:
        """Print the error first and the log's path second, and keep it for `make status`."""
        project = self.planner.project
        self.failed.append(task.id)
        failed = task.state_file(project, "failed")
        failed.parent.mkdir(parents=True, exist_ok=True)
        failed.write_text(f"{text}\n", encoding="utf-8")
        log = task.state_file(project, "log")
        logs = [log, *record.job_folder(project, task.id).glob("*_log.err")]
        found = next((path for path in logs if path.is_file()), None)
        where = f"  log: {project.relative(found)}\n" if found else ""
        sys.stderr.write(f"error: {text if task.id in text else f'{task.id}: {text}'}\n{where}")
        if self.flying and not self.goes_on:
            waiting = ", ".join(f"{flight.job} ({name})" for name, flight in self.flying.items())
            sys.stderr.write(f"  nothing more is submitted; waiting for {waiting}, Ctrl-C cancels\n")

    def message_of(self, task: Task) -> str:
        """What the stage itself said of its failure, in its file or at the end of its job's log."""
        failed = task.state_file(self.planner.project, "failed")
        if failed.is_file():
            return failed.read_text(encoding="utf-8").strip()
        lines = [line for line in self.slurm_log(task).splitlines() if not line.startswith(FROM_SLURM)]
        begins = [number for number, line in enumerate(lines) if line.startswith("error: ")]
        return "\n".join(lines[begins[-1] :]).removeprefix("error: ").strip() if begins else ""

    def slurm_log(self, task: Task) -> str:
        logs: list[Path] = sorted(record.job_folder(self.planner.project, task.id).glob("*_log.err"))
        return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in logs)

    def cancel(self) -> None:
        """Cancel what is in the queue, and say so."""
        if not self.flying:
            return
        cancel(flight.job for flight in self.flying.values())
        listed = ", ".join(f"{flight.job} ({name})" for name, flight in self.flying.items())
        print(f"cancelled {len(self.flying)} of your jobs: {listed}", file=sys.stderr, flush=True)
        for name, flight in self.flying.items():
            record.forget(self.planner.project, name, flight.job)


def why(flight: Flight, state: JobState, told: str, slurm_log: str) -> str:
    """In words, why a job has no result."""
    by_slurm = [line for line in slurm_log.splitlines() if line.startswith(FROM_SLURM)]
    name, job, asked = flight.task.name, flight.job, flight.resources
    again = "the next build goes on from its checkpoint, if it keeps one"
    if state.state == "OUT_OF_MEMORY" or any(MEMORY.search(line) for line in by_slurm):
        gave = f"the {asked.memory:g} GiB of its row" if asked.memory else "the cluster gives a job"
        return (
            f"{flight.task.id}: out of memory: it used more than {gave}, and Slurm killed it (job {job})\n"
            f"  Raise `memory` (GiB) in the row {name} of pipeline.yaml."
        )
    if state.state in ("TIMEOUT", "DEADLINE"):
        return (
            f"{flight.task.id}: Slurm stopped it at its time limit of {duration(60 * asked.minutes)}"
            f" (job {job})\n  Raise `limit` (minutes) in the row {name} of pipeline.yaml; {again}."
        )
    if state.state == "CANCELLED":
        return f"{flight.task.id}: job {job} was cancelled\n  Build again: {again}."
    if told:
        return told
    if state.state in ("COMPLETED", "UNKNOWN"):
        return (
            f"{flight.task.id}: job {job} ended, and its result is not to be seen here after"
            f" {FILE_WAIT:.0f} s\n  Keep the project on a file system that all nodes share."
        )
    words = f"{state.state} ({state.reason})" if state.reason not in ("", "None") else state.state
    return f"{flight.task.id}: job {job} ended without a result; Slurm says {words}"
