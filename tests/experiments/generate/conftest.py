"""Small digits, outputs that can be interrupted, and generators as the stages keep them, made by hand."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.data.mnist import Digits
from experiments.generate import pictures
from experiments.generate.kept import keep
from experiments.generate.networks import Shape, build
from report import stage


def bars(count: int, seed: int, size: int = 32) -> Digits:
    """Pictures that a small network learns at once: the digit is the place of a bar of random length."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    images = np.zeros((count, 32, 32, 1), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        left, length = rng.integers(3, 9), rng.integers(8, 20)
        image[2 * label + 6 : 2 * label + 8, left : left + length] = rng.integers(100, 256)
    return Digits(images.repeat(size // 32, axis=1).repeat(size // 32, axis=2), labels)


@pytest.fixture
def small_digits(monkeypatch) -> tuple[Digits, Digits]:
    """300 training and 200 test pictures, which every stage loads."""
    monkeypatch.setattr(
        pictures, "load", lambda settings, locate, size=32: (bars(300, 0, size), bars(200, 1, size))
    )
    return bars(300, 0), bars(200, 1)


@pytest.fixture
def trained(tmp_path: Path) -> Callable[..., stage.Result]:
    """Makes a result of generate/dcgan, or of generate/cdcgan for several slugs, with untrained networks."""

    def make(
        slugs: Sequence[str] = ("default",),
        stage_name: str = "generate/dcgan",
        seeds: Sequence[int] = (1, 2),
        **about: Any,
    ) -> stage.Result:
        folder = tmp_path / f"{stage_name}-{'-'.join(slugs)}"
        folder.mkdir(parents=True)
        told = stage_name == "generate/cdcgan"
        outputs = stage.Outputs(folder, folder, lambda items, *_: iter(items))
        methods = []
        for slug in slugs:
            size = about.get("size", 32)
            shape = Shape(noise=6, generator=2, discriminator=2, size=size, classes=10 if told else 0)
            runs = []
            for seed in seeds:
                keep(build(shape, "torch", seed)[0], outputs, seed, slug if told else "")
                runs.append({"seed": seed, "stopped": None, "loss_g": float(seed)})
            fields = {
                "title": f"the {slug}",
                "size": size,
                "noise": 6,
                "loss": "non-saturating",
                "runs": runs,
            }
            methods.append({"slug": slug, **fields, **about})
        metrics = {"variants": methods} if told else methods[0]
        (folder / "metrics.json").write_text(json.dumps(metrics))
        return stage.Result(stage_name, {}, folder)

    return make


@pytest.fixture
def digits() -> Digits:
    """40 pictures of 8 pixels whose class is the place of a bright row."""
    rng = np.random.default_rng(0)
    labels = np.arange(40) % 8
    images = rng.integers(0, 40, (40, 8, 8, 1), dtype=np.uint8)
    images[np.arange(40), labels] = 220
    return Digits(images, labels)


@pytest.fixture
def make_outputs(tmp_path: Path) -> Callable[..., stage.Outputs]:
    """Makes outputs whose checkpoints lie in a folder of this name; stops after some epochs if told to."""

    def make(name: str, stop_after: int | None = None) -> stage.Outputs:
        def progress(items, total, unit, label):
            for done, item in enumerate(items):
                if done == stop_after:
                    raise KeyboardInterrupt
                yield item

        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        return stage.Outputs(folder, folder, progress)

    return make
