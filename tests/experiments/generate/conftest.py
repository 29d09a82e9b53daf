"""Small digits made by hand, and outputs that can be interrupted."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from experiments.data.mnist import Digits
from report import stage


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
