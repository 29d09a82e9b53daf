"""What the engine gives the figures, made by hand, and what they draw."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from figures import style
from report.stage import Inputs, Outputs, Result


@pytest.fixture
def write_result(tmp_path: Path) -> Callable[..., Result]:
    """Writes a stage's result: its metrics, and its arrays by name (an underscore stands for a hyphen)."""

    def write(stage: str, metrics: dict[str, Any], **arrays: np.ndarray) -> Result:
        folder = tmp_path / "results" / stage
        folder.mkdir(parents=True)
        (folder / "metrics.json").write_text(json.dumps(metrics))
        for name, array in arrays.items():
            np.save(folder / f"{name.replace('_', '-')}.npy", array)
        return Result(stage, {}, folder)

    return write


@pytest.fixture
def inputs() -> Callable[..., Inputs]:
    """The given results; a figure that asks for data fails."""
    return lambda *results: Inputs(
        list(results), lambda name: pytest.fail(f"a figure asked for data: {name}")
    )


@pytest.fixture
def outputs(tmp_path: Path) -> Callable[[str], Outputs]:
    """The outputs into a folder of that name."""

    def make(name: str) -> Outputs:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        return Outputs(folder, folder, lambda items, *_: iter(items))

    return make


@pytest.fixture
def draw(inputs, outputs) -> Callable[..., dict[str, bytes]]:
    """Draws a module's figures of results; gives the files by name."""

    def run(module: ModuleType, results: Iterable[Result], folder: str = "out") -> dict[str, bytes]:
        written = outputs(folder)
        module.draw(inputs(*results), written)
        return {path.name: path.read_bytes() for path in written.directory.iterdir()}

    return run


@pytest.fixture
def drawn(monkeypatch) -> dict[str, Figure]:
    """The figures by name, in the place of files."""
    figures: dict[str, Figure] = {}
    monkeypatch.setattr(style, "save", lambda figure, outputs, name: figures.update({name: figure}))
    return figures
