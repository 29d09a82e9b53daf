"""Numbers for the style of a digit, and how much of it pictures that share their noise have in common."""

from dataclasses import dataclass

import numpy as np

NAMES = ("ink", "slant", "width")
FAINT = 32  # grey levels; darker pixels are background, whose noise would shift the moments


def measure(images: np.ndarray) -> dict[str, np.ndarray]:
    """The style of pictures uint8 (n, h, w), three arrays (n,); all 0 for a picture without ink.

    `ink` is the mean grey level; `slant` the angle in degrees by which the digit leans to the right, from
    the moments of its ink (the column regressed on the row); `width` the deviation of its ink along the
    rows that the slant leaves, in pixels.
    """
    weights = np.where(images < FAINT, 0, images).astype(float)
    total = weights.sum((1, 2))
    some = np.maximum(total, 1)
    rows, columns = (np.arange(length, dtype=float) for length in images.shape[1:])
    mean_row = weights.sum(2) @ rows / some
    mean_column = weights.sum(1) @ columns / some
    down, across = rows - mean_row[:, None], columns - mean_column[:, None]
    down_down = np.einsum("nij,ni,ni->n", weights, down, down) / some
    across_across = np.einsum("nij,nj,nj->n", weights, across, across) / some
    both = np.einsum("nij,ni,nj->n", weights, down, across) / some
    lean = np.divide(-both, down_down, out=np.zeros_like(both), where=down_down > 0)
    return {
        "ink": total / images[0].size,
        "slant": np.degrees(np.arctan(lean)),
        "width": np.sqrt(np.maximum(across_across + lean * both, 0)),
    }


@dataclass(frozen=True)
class Shared:
    """How much the columns explain.

    Attributes:
        share: the intraclass correlation.
        low, high: between them lie 95 % of those of shuffled columns.
        p: share of the shuffles, itself counted, that reach it.
    """

    share: float
    low: float
    high: float
    p: float


def shared(values: np.ndarray, shuffles: int, seed: int) -> Shared:
    """How much of the variance within classes is that between columns.

    Each class's values are brought to mean 0 and variance 1 first, so that what the digits themselves
    differ in counts for nothing and each counts the same. Shuffling each class by itself breaks the columns
    and nothing else.

    Args:
        values: of a style, (columns, classes), at least 2 of each.
    """
    centred = values - values.mean(0)
    deviation = centred.std(0)
    scaled = np.divide(centred, deviation, out=np.zeros_like(centred), where=deviation > 1e-12)
    rng = np.random.default_rng(seed)
    found = intraclass(scaled)
    others = np.array([intraclass(rng.permuted(scaled, axis=0)) for _ in range(shuffles)])
    low, high = np.quantile(others, [0.025, 0.975])
    return Shared(found, float(low), float(high), float((1 + np.sum(others >= found)) / (1 + shuffles)))


def intraclass(values: np.ndarray) -> float:
    """The intraclass correlation ICC(3,1) of Shrout and Fleiss (1979) of values (columns, classes).

    The columns are its targets, the classes its judges: an estimate of the share of the variance, classes'
    means taken out, that lies between columns. 0 where nothing varies; it can fall below.
    """
    columns, classes = values.shape
    if columns < 2 or classes < 2:
        raise ValueError(f"no intraclass correlation of {columns} columns and {classes} classes")
    of_columns, of_classes = values.mean(1, keepdims=True), values.mean(0, keepdims=True)
    rest = values - of_columns - of_classes + values.mean()
    between = classes * np.sum((of_columns - values.mean()) ** 2) / (columns - 1)
    within = np.sum(rest**2) / ((columns - 1) * (classes - 1))
    whole = between + (classes - 1) * within
    return float((between - within) / whole) if whole > 0 else 0.0
