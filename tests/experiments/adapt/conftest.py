"""Small domains made by hand."""

import numpy as np
import pytest

from experiments.data.domains import Domains
from experiments.data.mnist import Digits


def bars(count: int, seed: int, colours: int) -> Digits:
    """Pictures that a small network learns at once: the digit is the place of a bar, under noise."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 10
    images = rng.integers(0, 60, (count, 28, 28, colours), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[2 * label + 4 : 2 * label + 6] = 255 if colours == 1 else rng.integers(150, 255)
    return Digits(images, labels)


@pytest.fixture
def domains() -> Domains:
    """200 training and 60 test pictures of each domain."""
    return Domains(
        source=bars(200, 0, 1),
        target=bars(200, 1, 3),
        source_test=bars(60, 2, 1),
        target_test=bars(60, 3, 3),
        target_unseen=bars(60, 4, 3),
        source_title="grey bars",
        target_title="coloured bars",
        paired=True,
    )
