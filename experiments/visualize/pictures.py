"""What can be said of pictures that were made for a class: by networks, and of the pictures alone."""

from itertools import combinations

import numpy as np

from experiments.nn.inference import in_batches
from experiments.visualize import subjects
from experiments.visualize.frozen import Frozen


def logits(network: Frozen, images: np.ndarray) -> np.ndarray:
    """The scores of the classes for pictures uint8 (n, side, side, 3), squeezed to the network's input.

    Returns:
        float32 (n, classes).
    """
    fitting = np.stack([subjects.squeeze(image, network.backbone.size) for image in images])
    return in_batches(network.logits, network.normalized(fitting)).cpu().numpy()


def total_variation(images: np.ndarray) -> np.ndarray:
    """The mean absolute difference of neighbours, in grey levels, of pictures uint8 (n, h, w, 3): (n,).

    Neighbours lie beside or below each other; Mahendran and Vedaldi (2015, arXiv:1412.0035) hold such
    differences low to draw smoother pictures.
    """
    values = images.astype(np.float32)
    across, down = (np.abs(np.diff(values, axis=axis)) for axis in (2, 1))
    total = across.sum(axis=(1, 2, 3)) + down.sum(axis=(1, 2, 3))
    return total / (across[0].size + down[0].size)


def distance(first: np.ndarray, second: np.ndarray) -> float:
    """The root mean square difference of two pictures, in grey levels."""
    return float(np.sqrt(np.mean((first.astype(np.float32) - second.astype(np.float32)) ** 2)))


def spread(images: np.ndarray) -> float:
    """The mean distance of two of the pictures (n, h, w, 3), n at least 2."""
    return float(np.mean([distance(a, b) for a, b in combinations(images, 2)]))
