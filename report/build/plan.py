"""Which tasks are fresh, which are stale and why: decided by content, never by timestamps."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from report.build.content import Content
from report.build.pipeline import DataEntry, Task, expand
from report.build.project import Project
from report.build.provenance import output_hashes, read_provenance
from report.build.settings import resolve
from report.build.source import module_hash
from report.errors import ColophonError

State = Literal["fresh", "stale", "missing", "after"]


@dataclass(frozen=True)
class Status:
    """What the planner found about a task.

    Attributes:
        state: `after`: itself up to date, but something it needs runs first, and only if that
            changes its output does this one run.
        because: the reasons, in words; empty when fresh.
        provenance: of the result that is there, if any.
        seconds: expected duration of a run.
        missing: an error for each data set or weights file that a run would lack.
    """

    task: Task
    state: State
    because: list[str]
    provenance: dict[str, Any]
    seconds: float
    missing: list[ColophonError]


class Planner:
    """The tasks of a project under a profile, and the state each is in.

    Raises ColophonError when made, for whatever is wrong with pipeline or profile.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self.content = Content(project.cache)
        self.pipeline, self.tasks = expand(project)

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
        self, task: Task, modules: dict[str, str], recorded: dict[str, str] | None = None
    ) -> tuple[dict[str, Any], list[ColophonError]]:
        """What the task's key is made of.

        Args:
            task: the task.
            modules: the syntax hashes of the project modules that count, by path.
            recorded: fingerprints that stand for data which are not on this machine.

        Returns:
            The parts, and an error for each data set or weights file that is missing.

        Raises ColophonError for settings that are refused.
        """
        settings = resolve(self.project, self.content, task)
        data: dict[str, str] = dict(recorded or {})
        missing = []
        for name, entry in self.data_entries(task, settings).items():
            try:
                data[name] = self.content.tree(require_data(self.project, name, entry))
            except ColophonError as error:
                missing.append(error)
        parts = {
            "modules": modules,
            "settings": settings,
            "inputs": {
                need: read_provenance(self.project, self.tasks[need]).get("digest") for need in task.needs
            },
            "data": data,
        }
        return parts, missing

    def status(self, task: Task, running_first: set[str]) -> Status:
        """The state of `task`, where the tasks in `running_first` are about to run."""
        old = read_provenance(self.project, task)
        seconds = float(old.get("seconds", task.row.minutes * 60))
        modules = {path: module_hash(self.project, self.content, path) for path in old.get("modules", [])}
        new, missing = self.key_parts(task, modules, old.get("data"))
        if not old:
            there = task.directory(self.project).exists()
            why = "its provenance is gone" if there else "never run"
            return Status(task, "missing", [why], old, seconds, missing)
        waits = [need for need in task.needs if need in running_first]
        because = [
            *module_changes(old["modules"], new["modules"]),
            *setting_changes(old["settings"], new["settings"]),
            *mapping_changes("input", without(old["inputs"], waits), without(new["inputs"], waits)),
            *order_changes(old["inputs"], new["inputs"]),
            *mapping_changes("data", old["data"], new["data"]),
            *self.output_changes(task, old["outputs"]),
        ]
        if because:
            return Status(task, "stale", because, old, seconds, missing)
        if waits:
            return Status(task, "after", [f"if {name} changes" for name in waits], old, seconds, missing)
        return Status(task, "fresh", [], old, seconds, [])

    def statuses(self, wanted: set[str] | None = None) -> list[Status]:
        """The state of the wanted tasks (default: all) and of what they need, in running order."""
        asked = self.with_needs(wanted) if wanted is not None else set(self.tasks)
        to_run: set[str] = set()
        found = []
        try:
            for task in self.tasks.values():
                if task.id in asked:
                    found.append(self.status(task, to_run))
                    if found[-1].state != "fresh":
                        to_run.add(task.id)
        finally:
            self.content.save()
        return found

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

    def output_changes(self, task: Task, recorded: dict[str, str]) -> list[str]:
        found = output_hashes(self.content, task.directory(self.project))
        gone = [f"output {name} is gone" for name in recorded.keys() - found.keys()]
        altered = [
            f"output {name} was altered"
            for name, hashed in found.items()
            if name in recorded and hashed != recorded[name]
        ]
        return sorted(gone) + altered


def without(mapping: dict[str, Any], keys: list[str]) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key not in keys}


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


def module_changes(old: dict[str, str], new: dict[str, str]) -> list[str]:
    changed = [path for path in old if old[path] != new.get(path)]
    return [f"{path} {'is gone' if new[path] == 'missing' else 'was edited'}" for path in changed]


def setting_changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    keys = [*old, *(key for key in new if key not in old)]
    return [
        f"setting {key}: {old.get(key, 'unset')} is now {new.get(key, 'unset')}"
        for key in keys
        if old.get(key) != new.get(key)
    ]


def order_changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    same = old.keys() == new.keys() and list(old) != list(new)
    return ["its inputs come in another order"] if same else []


def mapping_changes(kind: str, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    keys = [*old, *(key for key in new if key not in old)]
    words = {key: "is new" if key not in old else "is no longer used" for key in old.keys() ^ new.keys()}
    return [f"{kind} {key} {words.get(key, 'changed')}" for key in keys if old.get(key) != new.get(key)]
