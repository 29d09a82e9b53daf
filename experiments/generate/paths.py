"""Ways from one noise vector to another."""

from typing import Literal

import numpy as np

from report.errors import ColophonError

Kind = Literal["line", "sphere"]
KINDS: tuple[Kind, Kind] = ("line", "sphere")


def line(first: np.ndarray, second: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    """(1 - alpha) first + alpha second, (pairs, steps, d), of noise (pairs, d) and alphas (steps,)."""
    share = alphas[None, :, None]
    return (1 - share) * first[:, None] + share * second[:, None]


def sphere(first: np.ndarray, second: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    """The same along great circles, lengths changing evenly from end to end (Shoemake 1985, White 2016).

    Raises ColophonError where two vectors point in opposite directions: no circle is the shortest then.
    """
    lengths = [np.linalg.norm(ends, axis=1, keepdims=True) for ends in (first, second)]
    if min(length.min() for length in lengths) == 0:
        raise ColophonError("a noise vector is 0 and has no direction", "Take a longer noise.")
    units = [ends / length for ends, length in zip((first, second), lengths, strict=True)]
    angle = np.arccos(np.clip(np.sum(units[0] * units[1], axis=1), -1, 1))[:, None, None]
    if np.any(np.pi - angle < 1e-6):
        raise ColophonError("two noise vectors point in opposite directions", "Take a longer noise.")
    share = alphas[None, :, None]
    straight = line(units[0], units[1], alphas)
    curved = np.sin((1 - share) * angle) * units[0][:, None] + np.sin(share * angle) * units[1][:, None]
    turned = np.where(angle < 1e-6, straight, curved / np.where(angle < 1e-6, 1, np.sin(angle)))
    return turned * line(lengths[0], lengths[1], alphas)


def between(kind: Kind, first: np.ndarray, second: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    """`line` or `sphere`, float32 (pairs, steps, d)."""
    return (line if kind == "line" else sphere)(first, second, alphas).astype(np.float32)
