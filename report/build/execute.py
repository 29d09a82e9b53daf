"""Calls a script's entry point with seeds, threads and inputs set, and checks what comes back."""

import ctypes
import math
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import ValidationError

from report.build.beside import watch
from report.build.imports import code_used, forget, require_own
from report.build.pipeline import Task
from report.build.plan import Planner, require_data
from report.build.progress import ProgressReporter, wants_bar
from report.build.provenance import key_of
from report.build.scripts import load, make_settings
from report.build.seeds import fix_seeds
from report.build.settings import remember
from report.build.source import closure
from report.build.validation import short
from report.errors import ColophonError
from report.stage import Inputs, Metrics, Outputs, Result, Settings

MALLOC = {  # mallopt(3): the option's number and value
    "threads share one heap": (-8, 1),
    "largest block that lies in the heap, bytes": (-3, 2**30),
    "free bytes at the heap's end that are kept": (-1, 2**31 - 1),
}


@dataclass
class Execution:
    """What a call of a script gave: the parts of the key, the files that it read of each needed task,
    metrics, their JSON schema, facts of the run."""

    parts: dict[str, Any]
    reads: dict[str, list[str]]
    metrics: dict[str, Any] | None = None
    schema: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)


def execute(planner: Planner, task: Task, folder: Path, checkpoints: Path) -> Execution:
    """Call the script's entry point, seeded, with its inputs, and check what it returns."""
    project = planner.project
    keep_memory()
    forget(project)
    watch(project, planner.content)
    module = load(project, task)
    require_own(project, task.id)
    settings = Settings() if task.section == "figures" else make_settings(project, task, module)
    resolved = remember(project, planner.content, task, settings)
    parts, missing = planner.key_parts(task, code_used(project, planner.content))
    for error in missing.values():
        raise error
    results = needed_results(planner, task)
    inputs = make_inputs(planner, task, results, list(planner.data_entries(task, resolved)))
    checkpoint = checkpoints / checkpoint_key(planner, task, parts)
    outputs = Outputs(folder, checkpoint, ProgressReporter(task.id, wants_bar()))
    if task.is_drawn:
        try:
            draw(module, task, settings, inputs, outputs)
        except SystemExit as error:
            raise left(task, error) from error
        return Execution(parts, reads_of(results), facts=outputs.facts)
    fix_seeds(settings, task.row.cpus)
    keep_only(checkpoint)
    try:
        result = entry_point(module, task, "run")(settings, inputs, outputs)
    except ValidationError as error:
        raise metric_error(task, error) from error
    except SystemExit as error:
        raise left(task, error) from error
    if not isinstance(result, Metrics):
        raise ColophonError(f"{task.script}: run returned {type(result).__name__}, not its Metrics")
    require_finite(task, result.model_dump())  # before what is not finite becomes JSON's null
    metrics = result.model_dump(mode="json")
    schema = type(result).model_json_schema(mode="serialization")
    return Execution(parts, reads_of(results), metrics, schema, outputs.facts)


def draw(module: ModuleType, task: Task, settings: Settings, inputs: Inputs, outputs: Outputs) -> None:
    """Call the script of a figure or of an animation; only the latter has settings."""
    if task.section == "figures":
        entry_point(module, task, "draw")(inputs, outputs)
    else:
        entry_point(module, task, "animate")(settings, inputs, outputs)


def needed_results(planner: Planner, task: Task) -> dict[str, Result]:
    """The results that `task` needs, by the id of their task."""
    found = {}
    for need in task.needs:
        other = planner.tasks[need]
        directory, left_out = other.directory(planner.project), planner.left_out(need)
        found[need] = Result(other.name, other.each, directory, left_out)
    return found


def reads_of(results: dict[str, Result]) -> dict[str, list[str]]:
    return {need: sorted(result.reads) for need, result in results.items()}


def make_inputs(planner: Planner, task: Task, results: dict[str, Result], named: list[str]) -> Inputs:
    """What `task` may read: the results of its needs, and the data that its settings name."""
    project = planner.project

    def data(name: str) -> Path:
        if name not in planner.pipeline.data:
            known = ", ".join(sorted(planner.pipeline.data))
            raise ColophonError(f"{task.id}: no data called {name!r} in pipeline.yaml", f"Known: {known}")
        if name not in named:
            raise ColophonError(
                f"{task.id} reads the data {name!r}, which its row in pipeline.yaml does not tell",
                "List under `data` of the row the setting whose value is that name.",
            )
        return require_data(project, name, planner.pipeline.data[name])

    return Inputs(list(results.values()), data)


def entry_point(module: ModuleType, task: Task, name: str) -> Any:
    function = getattr(module, name, None)
    if not callable(function):
        raise ColophonError(f"{task.script} has no function {name}", "report/stage.py shows its form.")
    return function


def checkpoint_key(planner: Planner, task: Task, parts: dict[str, Any]) -> str:
    """The key for checkpoints, which also has the code that a stage may import only while it runs."""
    code = closure(planner.project, planner.content, task.script)
    return key_of({**parts, "modules": code | parts["modules"]})[:16]


def keep_only(checkpoint: Path) -> None:
    """Make the checkpoint folder, and drop those of other code or settings beside it."""
    checkpoint.mkdir(parents=True, exist_ok=True)
    for other in checkpoint.parent.iterdir():
        if other != checkpoint:
            shutil.rmtree(other)


def keep_memory() -> None:
    """Let the C library keep what is freed for the next array, where it is glibc.

    It gives large blocks back to the system, and the pages of the next ones are cleared one by one:
    half the time of classifying a few thousand pictures.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        for option, value in MALLOC.values():
            library.mallopt(option, value)


def left(task: Task, error: SystemExit) -> ColophonError:
    return ColophonError(f"{task.script} called sys.exit({error.code!r})", "Return, or raise an error.")


def metric_error(task: Task, error: ValidationError) -> ColophonError:
    lines = [f"{'.'.join(map(str, e['loc']))} = {short(e['input'])}: {e['msg']}" for e in error.errors()]
    return ColophonError(f"{task.id}: {error.title} refused: {'; '.join(lines)}")


def require_finite(task: Task, value: Any, path: str = "") -> None:
    """Raise ColophonError naming the first metric that is not a finite number."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ColophonError(f"{task.id}: the metric {path} is {value}, not a finite number")
    several = isinstance(value, list | tuple | set | frozenset)
    items = value.items() if isinstance(value, dict) else enumerate(value) if several else ()
    for key, item in items:
        require_finite(task, item, f"{path}.{key}" if path else str(key))
