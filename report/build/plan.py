"""Which tasks are fresh, which are stale and why: decided by content, never by timestamps."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from report.build.changes import part_changes
from report.build.content import Content
from report.build.pipeline import DataEntry, Task, expand
from report.build.project import Project
from report.build.provenance import left_out, output_hashes, read_provenance
from report.build.recorded import Recorded
from report.build.settings import resolve
from report.build.source import module_hash
from report.errors import ColophonError

if TYPE_CHECKING:
    from report.build.entries import Entry  # imports Pydantic
State = Literal["fresh", "recorded", "stale", "missing", "after"]
DONE = ("fresh", "recorded")
NOTHING: Mapping[str, str] = {}
Missing = dict[str, ColophonError]


@dataclass(frozen=True)
class Status:
    """What the planner found about a task.

    Attributes:
        state: `recorded`: its recorded result is what a run would make, and the next build restores
            it. `after`: itself up to date, but something it needs runs first, and only if that
            changes its output does this one run.
        because: the reasons, in words; empty when fresh.
        provenance: of the result that is there, or is to be restored, if any.
        seconds: expected duration of a run.
        missing: by name, an error for each data set or weights file that a run would lack.
        whole: whether it must run for what its recorded result leaves out.
    """

    task: Task
    state: State
    because: list[str]
    provenance: dict[str, Any]
    seconds: float
    missing: Missing = field(default_factory=dict)
    whole: bool = False


class Planner:
    """The tasks of a project under a profile, and the state each is in.

    Raises ColophonError when made, for whatever is wrong with pipeline or profile.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self.content = Content(project.cache)
        self.recorded = Recorded(project)
        self.pipeline, self.tasks = expand(project, self.content)
        self._to_restore: dict[str, Entry] = {}

    def task(self, task_id: str) -> list[Task]:
        """The task with this id, or every combination of the row with this name."""
        found = [task for task in self.tasks.values() if task_id in (task.id, task.name)]
        if not found:
            known = sorted({task.name for task in self.tasks.values()})
            raise ColophonError(
                f"{task_id!r}: no such stage in profile {self.project.profile}",
                f"Stages: {', '.join(known)}",
            )
        return found

    def data_entries(self, task: Task, settings: dict[str, Any]) -> dict[str, DataEntry]:
        """The catalogue's entries that the settings of `task` name, by name."""
        named = []
        for setting in task.row.data:
            if setting not in settings:
                raise ColophonError(
                    f"pipeline.yaml: {task.name}: data names {setting!r}, which is no setting",
                    f"Settings: {', '.join(settings)}",
                )
            value = settings[setting]
            named += value if isinstance(value, list) else [value]
        return {name: self.pipeline.data[name] for name in named if name in self.pipeline.data}

    def key_parts(
        self, task: Task, modules: dict[str, str], trusted: dict[str, str] | None = None
    ) -> tuple[dict[str, Any], Missing]:
        """What the task's key is made of.

        Args:
            task: the task.
            modules: the syntax hashes of the project modules that count, by path.
            trusted: fingerprints that stand for data which are not on this machine.

        Returns:
            The parts, and by name an error for each data set or weights file that is missing.

        Raises ColophonError for settings that are refused.
        """
        settings = resolve(self.project, self.content, self.recorded, task)
        data: dict[str, str] = dict(trusted or {})
        missing = {}
        for name, entry in self.data_entries(task, settings).items():
            try:
                data[name] = self.content.tree(require_data(self.project, name, entry))
            except ColophonError as error:
                missing[name] = error
        parts = {
            "modules": modules,
            "settings": settings,
            "inputs": {need: self.provenance(need).get("digest") for need in task.needs},
            "data": data,
        }
        return parts, missing

    def provenance(self, task_id: str) -> dict[str, Any]:
        """That of the task's result, or of the recorded one that is to be restored in its place."""
        if entry := self._to_restore.get(task_id):
            return entry.provenance
        return read_provenance(self.project, self.tasks[task_id])

    def left_out(self, task_id: str) -> list[str]:
        """The outputs of a task that were left out of the record it is or will be restored from."""
        if entry := self._to_restore.get(task_id):
            return entry.left_out
        return left_out(read_provenance(self.project, self.tasks[task_id]))

    def changes(
        self, task: Task, old: dict[str, Any], waits: Iterable[str] = ()
    ) -> tuple[list[str], Missing]:
        """Why a result with the provenance `old` is not what a run would make now, and the data missing.

        The inputs in `waits` are not looked at. Data that are not here are taken as unchanged.
        """
        modules = {path: module_hash(self.project, self.content, path) for path in old["modules"]}
        try:
            if self.is_frozen(task) and modules != old["modules"]:
                return part_changes(old, old | {"modules": modules}, []), {}  # without torch, if need be
            new, missing = self.key_parts(task, modules, old["data"])
        except ColophonError as error:
            if not self.is_frozen(task):
                raise
            return [f"its settings can't be told: {error.problem}"], {}
        return part_changes(old, new, list(waits)), missing

    def is_frozen(self, task: Task) -> bool:
        """Whether `task` is one that this build may not run."""
        return self.project.frozen and not task.is_drawn

    def status(self, task: Task, running_first: set[str], whole: Mapping[str, str] = NOTHING) -> Status:
        """The state of `task`, where the tasks in `running_first` are about to run.

        Args:
            task: the task.
            running_first: ids of tasks.
            whole: the tasks that are needed with what records leave out, and for what.
        """
        self._to_restore.pop(task.id, None)
        waits = [need for need in task.needs if need in running_first]
        found = self.local_status(task, waits)
        if found.state not in ("fresh", "after"):
            return self.recorded_status(found, waits, whole)
        if task.id in whole and self.left_out(task.id):
            return replace(found, state="stale", because=[whole[task.id]], whole=True)
        return found

    def local_status(self, task: Task, waits: list[str]) -> Status:
        """The state of the result in the build folder."""
        old = read_provenance(self.project, task)
        seconds = float(old.get("seconds", task.row.minutes * 60))
        if not old:
            there = task.directory(self.project).exists()
            why = "its provenance is gone" if there else "never run"
            missing = {} if self.is_frozen(task) else self.key_parts(task, {})[1]
            return Status(task, "missing", [why], old, seconds, missing)
        because, missing = self.changes(task, old, waits)
        because += self.output_changes(task, old)
        if because:
            return Status(task, "stale", because, old, seconds, missing)
        if waits:
            return Status(task, "after", [f"if {name} changes" for name in waits], old, seconds, missing)
        return Status(task, "fresh", [], old, seconds, missing)

    def recorded_status(self, found: Status, waits: list[str], whole: Mapping[str, str]) -> Status:
        """The state of a task whose result in the build folder is none, or stale, as `found` tells."""
        task, because = found.task, list(found.because)
        for entry in self.recorded.entries(task):
            changes, missing = self.changes(task, entry.provenance, waits)
            if changes:
                if found.state == "missing":
                    because = [f"{found.because[0]}; its recorded result is stale: {changes[0]}"]
            elif entry.left_out and task.id in whole:
                return replace(found, because=[whole[task.id]], whole=True)
            elif waits:
                because = [f"if {name} changes" for name in waits]
                return replace(found, state="after", because=because, missing=missing)
            else:
                self._to_restore[task.id] = entry
                return Status(task, "recorded", [], entry.provenance, 0.0, missing)
        return replace(found, because=because)

    def to_restore(self, task_id: str) -> "Entry":
        """The recorded result of a task whose state is `recorded`."""
        return self._to_restore[task_id]

    def statuses(self, wanted: set[str] | None = None, forced: Iterable[str] = ()) -> list[Status]:
        """The state of the wanted tasks (default: all) and of what they need, in running order.

        Those in `forced` run whatever their state is.
        """
        asked = self.with_needs(wanted) if wanted is not None else set(self.tasks)
        whole: dict[str, str] = {}
        try:
            while True:
                found = self.statuses_with(asked, whole)
                more = {} if self.project.frozen else self.needed_whole(found, set(forced))
                if more.keys() <= whole.keys():
                    return found
                whole = more | whole
        finally:
            self.content.save()

    def statuses_with(self, asked: set[str], whole: Mapping[str, str]) -> list[Status]:
        to_run: set[str] = set()
        found = []
        for task in self.tasks.values():
            if task.id in asked:
                found.append(self.status(task, to_run, whole))
                if found[-1].state not in DONE:
                    to_run.add(task.id)
        return found

    def needed_whole(self, statuses: list[Status], forced: set[str]) -> dict[str, str]:
        """The tasks of which something that will run reads an output that is left out, and which.

        What a script reads is known from its last run. One that has not run yet is taken to read
        everything if it is a stage, and nothing of the kind if it draws.
        """
        found: dict[str, str] = {}
        for status in statuses:
            task = status.task
            if status.state in DONE and task.id not in forced:
                continue
            reads = self.last_reads(task)
            for need in task.needs:
                names = reads.get(need, [] if task.is_drawn else ["*"])
                if lacking := [name for name in self.left_out(need) if is_read(name, names)]:
                    found[need] = f"{lacking[0]} is left out of its record, and {task.id} reads it"
        return found

    def last_reads(self, task: Task) -> dict[str, list[str]]:
        """The files of each needed task that the last known run of `task` read."""
        if old := read_provenance(self.project, task):
            return old.get("reads", {})
        entries = self.recorded.entries(task)
        return entries[0].provenance.get("reads", {}) if entries else {}

    def with_needs(self, wanted: set[str]) -> set[str]:
        """`wanted` and every task below them."""
        asked: set[str] = set()
        waiting = list(wanted)
        while waiting:
            name = waiting.pop()
            if name not in asked:
                asked.add(name)
                waiting += self.tasks[name].needs
        return asked

    def output_changes(self, task: Task, old: dict[str, Any]) -> list[str]:
        recorded, found = old["outputs"], output_hashes(self.content, task.directory(self.project))
        absent = recorded.keys() - found.keys() - set(left_out(old))
        altered = [
            f"output {name} was altered"
            for name, hashed in found.items()
            if name in recorded and hashed != recorded[name]
        ]
        return sorted(f"output {name} is gone" for name in absent) + altered


def is_read(name: str, names: list[str]) -> bool:
    """Whether the output `name` is among `names`: itself, the folder it lies in, or `*`."""
    return any(one in ("*", name) or name.startswith(f"{one}/") for one in names)


def require_data(project: Project, name: str, entry: DataEntry) -> Path:
    """The path of a data set or weights file. Raises ColophonError saying what to put where."""
    path = project.data_path(entry.path)
    if (path.is_dir() and any(path.iterdir())) or path.is_file():
        return path
    about = f" ({entry.about})" if entry.about else ""
    source = f"\n  Get it from: {entry.source}" if entry.source else ""
    source = source.replace("{torch_home}", shlex.quote(project.relative(project.torch_home)))
    variable, below = project.data_variable(entry.path)
    raise ColophonError(
        f"{name}{about} is missing: nothing at {project.relative(path)}",
        f"Put it there, or set {variable} to the folder that holds {below}.{source}",
    )
