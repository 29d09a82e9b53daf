"""What the engine gives a stage, made by hand; and one thread for each operation."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from experiments.nn import backbones
from report import stage
from report.errors import ColophonError


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small tensors gain nothing by more threads, and a busy machine loses."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


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


def random_weights(name: str) -> dict[str, torch.Tensor]:
    """Those of a new network; torchvision starts a transformer's last layer at zero, which tells nothing."""
    torch.manual_seed(0)
    state = backbones.find(name).build().state_dict()
    for path, tensor in state.items():
        if path.endswith("weight") and not tensor.any():
            torch.nn.init.normal_(tensor, std=0.1)
    return state


@pytest.fixture
def untrained(tmp_path: Path) -> Callable[[str], stage.Result]:
    """Makes a result of transfer/pretrain with random weights, which tests of what follows can use."""

    def make(name: str) -> stage.Result:
        folder = tmp_path / f"untrained-{name.replace('/', '-')}"
        folder.mkdir()
        save_file(random_weights(name), folder / "weights.safetensors")
        (folder / "metrics.json").write_text(json.dumps({"backbone": name}))
        return stage.Result("transfer/pretrain", {"backbone": name}, folder)

    return make


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """A folder in the form of ImageNet's sample photos: three of known classes, one of none."""
    root = tmp_path / "samples"
    root.mkdir()
    rng = np.random.default_rng(0)
    for name in ("n01440764_tench.jpg", "n01883070_wombat.jpg", "n02105505_komondor.jpg", "friend.jpg"):
        pixels = rng.integers(0, 256, (50, 40, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / name)
    return root


@pytest.fixture
def with_random_weights(tmp_path: Path, samples: Path) -> Callable[[str], Path]:
    """Finds the sample photos, and for the name of a network weights that are random."""

    def locate(name: str) -> Path:
        if name in ("imagenet/samples", "photos"):
            return samples
        path = tmp_path / f"{name.replace('/', '-').replace(':', '-')}.safetensors"
        if not path.exists():
            save_file(random_weights(name), path)
        return path

    return locate
