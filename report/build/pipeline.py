"""The stage table (pipeline.yaml) and a profile, expanded into tasks: one for each thing to run."""

import re
from dataclasses import asdict, dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal

from report.build.bounds import Above, Finite, Positive
from report.build.content import Content
from report.build.names import anchor, task_id
from report.build.project import Project
from report.build.tables import Load, remembered
from report.errors import ColophonError, suggestion

DRAWN = ("figures", "animations")  # sections of the stage table, and folders of the build
STRICT = {"extra": "forbid"}  # for Pydantic, which checks these classes: see tables.py


@dataclass(frozen=True)
class Row:
    """One stage of pipeline.yaml.

    Attributes:
        about: one line on what it does.
        needs: the stages whose results it reads.
        each: settings it is expanded over, with the name of the list in the profile's `values`.
        data: settings whose value names an entry of pipeline.yaml's `data` section.
        device: `cpu` hides the GPUs, `gpu` fails without one, `auto` takes one if it is there.
        minutes: expected duration with profile `demo`, until a run has measured it.
        cpus: threads; fixed, since their number changes the last bits of a sum. One, so that
            stages side by side (JOBS) share the cores without getting into each other's way.
        memory: GiB that a Slurm job asks for (default: what the cluster gives each job).
        limit: minutes after which Slurm stops it (default: four times `minutes`, at least 10).
        unrecorded: patterns of outputs that `make record` leaves out besides weights, `train-*.npy`.
    """

    __pydantic_config__ = STRICT

    about: str = ""
    needs: list[str] = field(default_factory=list)
    each: dict[str, str] = field(default_factory=dict)
    data: list[str] = field(default_factory=list)
    device: Literal["auto", "cpu", "gpu"] = "auto"
    minutes: Positive = 1.0
    cpus: Annotated[int, Above(0)] = 1
    memory: Positive | None = None
    limit: Positive | None = None
    unrecorded: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class DataEntry:
    """A data set or weights file: where it lies under DATA_DIR and where it comes from."""

    __pydantic_config__ = STRICT

    path: str
    about: str = ""
    source: str = ""


@dataclass(frozen=True)
class Pipeline:
    """pipeline.yaml."""

    __pydantic_config__ = STRICT

    stages: dict[str, Row] = field(default_factory=dict)
    figures: dict[str, Row] = field(default_factory=dict)
    animations: dict[str, Row] = field(default_factory=dict)
    data: dict[str, DataEntry] = field(default_factory=dict)


@dataclass(frozen=True)
class Profile:
    """A profile, with what it extends."""

    __pydantic_config__ = STRICT

    about: str = ""
    values: dict[str, list[str | int | Finite]] = field(default_factory=dict)
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """A stage, or one combination of an expanded stage, or the figures or animations of a script.

    Attributes:
        id: unique, and the path of its folder: `transfer/features/backbone=timm-deit`.
        name: the row's name: `transfer/features`, `figures/transfer`, `animations/ascent`.
        each: the values it is expanded over.
        overrides: what the profile sets, with `each` in it.
        needs: ids of the tasks whose results it reads.
    """

    id: str
    name: str
    row: Row
    each: dict[str, Any]
    overrides: dict[str, Any]
    needs: tuple[str, ...]

    @property
    def section(self) -> str:
        """Where its row stands in pipeline.yaml: `stages`, `figures` or `animations`."""
        first = self.name.split("/")[0]
        return first if first in DRAWN else "stages"

    @property
    def is_drawn(self) -> bool:
        """Whether it makes pictures of results, and no metrics of its own."""
        return self.section != "stages"

    @property
    def module(self) -> str:
        name = self.name.removeprefix(f"{self.section}/") if self.is_drawn else self.name
        return f"{'figures' if self.is_drawn else 'experiments'}/{name}".replace("/", ".")

    @property
    def script(self) -> str:
        return self.module.replace(".", "/") + ".py"

    def directory(self, project: Project) -> Path:
        return project.build / self.id if self.is_drawn else project.build / "stages" / self.id

    def state_file(self, project: Project, suffix: str) -> Path:
        """A file beside the results: its lock, log, failure, temporary folder."""
        return project.build / "state" / f"{self.id.replace('/', '.')}.{suffix}"


def read_pipeline(project: Project, content: Content) -> Pipeline:
    """pipeline.yaml, of which each row is checked by itself."""

    path = project.root / "pipeline.yaml"

    def read(load: Load) -> dict[str, Any]:
        from report.build.validation import read_model

        return asdict(read_model(path.name, Pipeline, load(path)))

    found = remembered(content, path, read)
    rows = {
        section: {name: Row(**row) for name, row in found[section].items()}
        for section in ("stages", *DRAWN)
    }
    return Pipeline(**rows, data={name: DataEntry(**entry) for name, entry in found["data"].items()})


def load_pipeline(project: Project, content: Content) -> Pipeline:
    """The stage table, checked: rows' names and scripts, needs that exist, no cycle."""
    pipeline = read_pipeline(project, content)
    rows = rows_of(pipeline)
    for name, row in rows.items():
        if not re.fullmatch(r"[A-Za-z0-9_]+(/[A-Za-z0-9_]+)*", name):
            raise ColophonError(f"pipeline.yaml: {name!r} is not a name", "Letters, digits, _ and /.")
        outer = [other for other in rows if name.startswith(f"{other}/")]
        if name in pipeline.stages and name.split("/")[0] in DRAWN:
            outer = [name.split("/")[0]]
        if outer:
            raise ColophonError(
                f"pipeline.yaml: the folder of {name} would lie inside that of {outer[0]}",
                "Give it another name.",
            )
        for need in row.needs:
            if need not in pipeline.stages:
                raise ColophonError(
                    f"pipeline.yaml: {name} needs {need!r}, which has no row",
                    suggestion(need, sorted(pipeline.stages)),
                )
        script = Task(name, name, row, {}, {}, ()).script
        if not (project.root / script).is_file():
            raise ColophonError(f"pipeline.yaml: {name} has a row but no script", f"Write {script}.")
    for name in pipeline.figures.keys() & pipeline.animations.keys():
        raise ColophonError(
            f"pipeline.yaml: figures and animations both have a row {name}, and so one script",
            "Give one of them another name.",
        )
    try:
        TopologicalSorter({name: row.needs for name, row in rows.items()}).prepare()
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise ColophonError(f"pipeline.yaml: a cycle of needs: {circle}") from None
    return pipeline


def rows_of(pipeline: Pipeline) -> dict[str, Row]:
    """Every row by its task name: stages as they are, the others as `figures/<row>`, `animations/<row>`."""
    drawn = {"figures": pipeline.figures, "animations": pipeline.animations}
    return pipeline.stages | {
        f"{section}/{name}": row for section in DRAWN for name, row in drawn[section].items()
    }


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`over` on top of `base`: mappings are merged, everything else is replaced."""
    both = {
        key: merge(base[key], over[key])
        for key in base.keys() & over.keys()
        if isinstance(base[key], dict) and isinstance(over[key], dict)
    }
    return {**base, **over, **both}


def read_profile(project: Project, content: Content) -> Profile:
    """The profile with what it `extends` beneath it."""

    def read(load: Load) -> dict[str, Any]:
        from report.build.validation import read_model

        own, seen = load(project.profile_file), [project.profile]
        while parent := own.pop("extends", None):
            path = project.profile_file.with_name(f"{parent}.yaml")
            if parent in seen or not path.is_file():
                raise ColophonError(
                    f"profiles/{seen[-1]}.yaml: extends {parent!r}, "
                    + ("which extends it in turn" if parent in seen else "which does not exist")
                )
            seen.append(parent)
            own = merge(load(path), own)
        return asdict(read_model(f"profiles/{project.profile}.yaml", Profile, own))

    return Profile(**remembered(content, project.profile_file, read))


def load_profile(project: Project, content: Content, pipeline: Pipeline) -> Profile:
    """The profile; settings of what has no row, or takes none, are refused."""
    profile = read_profile(project, content)
    known = [name for name in rows_of(pipeline) if not name.startswith("figures/")]  # which take none
    for stage in profile.stages:
        if stage not in known:
            raise ColophonError(
                f"profiles/{project.profile}.yaml: stages.{stage}: no such stage",
                suggestion(stage, sorted(known)),
            )
    return profile


def combinations(name: str, row: Row, profile: Profile, where: str) -> list[dict[str, Any]]:
    """The values of an expanded row: the product of its lists; one empty one if not expanded."""
    for setting, values in row.each.items():
        if values not in profile.values:
            raise ColophonError(
                f"{where}: {name} is expanded over `values.{values}`, which is not there",
                suggestion(values, sorted(profile.values)),
            )
        if setting in profile.stages.get(name, {}):
            raise ColophonError(
                f"{where}: stages.{name}.{setting}: set by `each` in pipeline.yaml",
                f"Change values.{values} instead.",
            )
    lists = [profile.values[values] for values in row.each.values()]
    return [dict(zip(row.each, choice, strict=True)) for choice in product(*lists)]


def require_used(profile: Profile, rows: dict[str, Row], where: str) -> None:
    """Raise ColophonError for a list that no row is expanded over, such as one that is misspelt."""
    used = {values for row in rows.values() for values in row.each.values()}
    for values in profile.values:
        if values not in used:
            problem = f"{where}: values.{values}: no row is expanded over it"
            raise ColophonError(problem, suggestion(values, sorted(used)))


def expand(project: Project, content: Content) -> tuple[Pipeline, dict[str, Task]]:
    """Every task of the profile by id, those needed before those that need them."""
    pipeline = load_pipeline(project, content)
    profile = load_profile(project, content, pipeline)
    rows = rows_of(pipeline)
    order = TopologicalSorter({name: row.needs for name, row in rows.items()}).static_order()
    tasks: dict[str, Task] = {}
    anchors: dict[str, str] = {}  # the task by its record's
    for name in order:
        row = rows[name]
        for each in combinations(name, row, profile, f"profiles/{project.profile}.yaml"):
            needed = [
                other
                for other in tasks.values()
                if other.name in row.needs
                and all(other.each[key] == each[key] for key in other.each.keys() & each.keys())
            ]
            # Of one stage in the profile's order, which scripts see; the order of rows means nothing.
            needs = tuple(other.id for other in sorted(needed, key=lambda other: other.name))
            task = Task(task_id(name, each), name, row, each, profile.stages.get(name, {}) | each, needs)
            other = anchors.setdefault(anchor(task.id), task.id)
            if task.id in tasks or other != task.id:
                alike = f"the names {other} and {task.id} are too much alike"
                twice = f"two combinations of {name} share the folder {task.id}"
                raise ColophonError(
                    f"profiles/{project.profile}.yaml: {alike if other != task.id else twice}",
                    "Give values that differ in letters, whose case does not count, or digits.",
                )
            tasks[task.id] = task
    require_used(profile, rows, f"profiles/{project.profile}.yaml")
    return pipeline, tasks
