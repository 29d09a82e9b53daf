"""What the engine gives a stage, made by hand."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from report import stage
from report.errors import ColophonError


def _nothing(name: str) -> Path:
    raise ColophonError(f"{name} is missing", "Put it there.")


def _silent(items: Iterable[Any], total: int | None, unit: str, label: str) -> Iterator[Any]:
    yield from items


@pytest.fixture
def run_stage(tmp_path: Path) -> Callable[..., tuple[stage.Metrics, stage.Result]]:
    """Runs a stage's module with settings and results; gives its metrics and its result."""

    def run(
        module: Any,
        results: Iterable[stage.Result] = (),
        data: Callable[[str], Path] = _nothing,
        folder: str = "out",
        **settings: Any,
    ) -> tuple[stage.Metrics, stage.Result]:
        directory, checkpoint = tmp_path / folder, tmp_path / f"{folder}-checkpoint"
        directory.mkdir(exist_ok=True)
        checkpoint.mkdir(exist_ok=True)
        outputs = stage.Outputs(directory, checkpoint, _silent)
        inputs = stage.Inputs(list(results), data)
        metrics = module.run(module.Settings(**settings), inputs, outputs)
        (directory / "metrics.json").write_text(metrics.model_dump_json())
        name = module.__name__.removeprefix("experiments.").replace(".", "/")
        return metrics, stage.Result(name, {}, directory)

    return run
