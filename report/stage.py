"""What the script of a stage or a figure sees of the engine: settings, metrics, inputs and outputs.

A stage is one file, `experiments/<chapter>/<stage>.py`, that holds

    class Settings(stage.Settings): ...      # every default, with the reason for it
    class Metrics(stage.Metrics): ...        # every number the document may name
    def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics: ...

A figure script is `figures/<name>.py` with `def draw(inputs, outputs) -> None`; that of animations has a
`Settings`, as a stage, and `def animate(settings, inputs, outputs) -> None`.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from report.errors import ColophonError

Item = TypeVar("Item")


class Settings(BaseModel):
    """The settings of a stage; a profile overrides the defaults, unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Metrics(BaseModel):
    """Numbers (and the labels beside them) that a stage writes to `metrics.json`.

    NaN and infinities are refused when the model is made; every field of a subclass must carry a
    description, with its unit.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        bare = [name for name, field in cls.model_fields.items() if not field.description]
        if bare:
            raise TypeError(
                f"{cls.__module__}.{cls.__name__}: no description (with a unit) for {', '.join(bare)}"
            )


def quantity(description: str, unit: str = "", digits: int | None = None, **bounds: Any) -> Any:
    """A metric's field: what it is, its unit, and how many digits after the point to print.

    Args:
        description: what is measured, in a few words.
        unit: `fraction` is printed as a percentage; `points` are percentage points; `s` seconds;
            empty for counts.
        digits: digits after the decimal point when printed (of the percentage for a fraction).
        bounds: pydantic's bounds (`ge`, `le`, …).
    """
    text = f"{description} ({unit})" if unit else description
    return Field(description=text, json_schema_extra={"unit": unit, "digits": digits}, **bounds)


class Result:
    """One finished stage (or one combination of an expanded one), read-only.

    Attributes:
        stage: its name, `transfer/features`.
        each: the values it was expanded over, `{"backbone": "torchvision/vgg16"}`, else empty.
        reads: the names of what was read of it, `*` for all of it.
    """

    def __init__(
        self, stage: str, each: Mapping[str, Any], directory: Path, left_out: Sequence[str] = ()
    ) -> None:
        self.stage = stage
        self.each = dict(each)
        self.reads: set[str] = set()
        self._directory = directory
        self._left_out = left_out

    @property
    def directory(self) -> Path:
        """Where its files lie; whoever asks counts as a reader of all of them."""
        self.reads.add("*")
        return self._directory

    @property
    def metrics(self) -> dict[str, Any]:
        """The content of `metrics.json`."""
        return json.loads(self.path("metrics.json").read_text())

    def path(self, name: str) -> Path:
        """The file, or the folder of files, `name` of this result.

        Raises ColophonError where the stage wrote none, or where a record left it out from which the
        result was restored.
        """
        self.reads.add(name)
        path = self._directory / name
        for file in self._left_out:
            if (file == name or file.startswith(f"{name}/")) and not (self._directory / file).exists():
                each = ", ".join(f"{key} {value}" for key, value in self.each.items())
                raise ColophonError(
                    f"{self.stage}{f' ({each})' if each else ''}: its output {file} is left out of the "
                    "record that it was restored from",
                    f"Run it whole: make run FORCE=1 STAGE={self.stage}, then build again.",
                )
        if not path.exists():
            have = ", ".join(sorted(p.name for p in self._directory.iterdir()))
            raise ColophonError(f"{self.stage} has no output {name!r}", f"It wrote: {have}")
        return path

    def array(self, name: str) -> np.ndarray:
        """The array `name` (written with `Outputs.array` or `Outputs.save`), memory-mapped."""
        return np.load(self.path(f"{name}.npy"), mmap_mode="r", allow_pickle=False)


class Inputs:
    """What a stage may read: the results it needs (its row in pipeline.yaml) and its data."""

    def __init__(self, results: list[Result], data: Callable[[str], Path]) -> None:
        self._results = results
        self._data = data

    def all(self, stage: str) -> list[Result]:
        """Every result of `stage`, in the profile's order; empty where the profile asks for none."""
        return [result for result in self._results if result.stage == stage]

    def __getitem__(self, stage: str) -> Result:
        """The one result of `stage`. Raises ColophonError where there is none, or several."""
        found = self.all(stage)
        if len(found) != 1:
            raise ColophonError(
                f"asked for the one result of {stage!r}, but there are {len(found) or 'none'}",
                "Use inputs.all(…)." if found else "Name it under `needs` in pipeline.yaml.",
            )
        return found[0]

    def data(self, name: str) -> Path:
        """Where the data set or weights file `name` of pipeline.yaml's `data` section lies.

        Raises ColophonError, saying what to put where, if it is not there.
        """
        return self._data(name)


class Outputs:
    """Where a stage writes. Everything lands in one folder that is put in place when `run` returns.

    Attributes:
        directory: the folder; write any file into it (a folder inside it for frames).
        checkpoint: a folder that outlives an interruption; emptied when the stage ends well or
            when its code, settings or inputs change.
        facts: what was decided while running and is no result, such as the number format chosen.
    """

    def __init__(self, directory: Path, checkpoint: Path, progress: "Progress") -> None:
        self.directory = directory
        self.checkpoint = checkpoint
        self.facts: dict[str, Any] = {}
        self._progress = progress

    def path(self, name: str) -> Path:
        """A path inside the stage's folder, its parent folder made."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def array(self, name: str, shape: tuple[int, ...], dtype: Any = np.float32) -> np.memmap:
        """A new array on disk, to be filled in place (a memory-mapped `.npy`).

        Raises OSError where the disk has no room for it: a write into the map would kill the process.
        """
        path = self.path(f"{name}.npy")
        array = np.lib.format.open_memmap(path, mode="w+", dtype=np.dtype(dtype), shape=shape)
        if hasattr(os, "posix_fallocate"):  # not on macOS
            with path.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
        return array

    def save(self, name: str, array: np.ndarray) -> None:
        """Write `array` as `<name>.npy`."""
        np.save(self.path(f"{name}.npy"), array, allow_pickle=False)

    def progress(
        self, items: Iterable[Item], total: int | None = None, unit: str = "it", label: str = ""
    ) -> Iterator[Item]:
        """Pass `items` through, showing how many are done and the time left."""
        return self._progress(items, total, unit, label)

    def record(
        self, name: str, value: str | int | float, unit: str = "", digits: int | None = None
    ) -> None:
        """Keep a fact about this run in its provenance; the colophon prints it, templates may name it.

        Unit and digits are as for `quantity`.
        """
        declared = {"value": value, "unit": unit, "digits": digits}
        self.facts[name] = value if not unit and digits is None else declared


Progress = Callable[[Iterable[Any], int | None, str, str], Iterator[Any]]
