"""Differential evolution of one pixel, its place and its colour (Su et al. 2019, arXiv:1710.08864).

A pixel is a row, a column and a colour, five whole numbers. It is judged by the margin of the true
class: its probability less that of the most probable other class. Below zero the picture is fooled.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import OptimizeResult, differential_evolution

from report.errors import ColophonError

WEIGHT, CROSSOVER = 0.5, 1.0  # of the evolution, as in the paper: differences are halved, nothing is mixed
Margins = Callable[[np.ndarray], np.ndarray]  # pictures uint8 (n, h, w, 3) -> margins (n,)


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes:
        pixel: row, column, red, green, blue, int (5,).
        margin: what it leaves of the true class's margin.
        first: what the best of the random first pixels leaves.
        queries: pictures whose margin was asked for.
    """

    pixel: np.ndarray
    margin: float
    first: float
    queries: int


def evolve(margins: Margins, image: np.ndarray, population: int, generations: int, seed: int) -> Found:
    """The pixel of `image`, uint8 (h, w, 3), that lowers the margin most; stops where it is below zero.

    The first pixels are anywhere and of any colour. Each generation tries one new pixel for each of
    the population, the sum of one and half the difference of two others.

    Raises ColophonError for a population below 5, which gives no such sums, and no generation.
    """
    if population < 5 or generations < 1:
        raise ColophonError(
            f"an evolution of {population} pixels over {generations} generations",
            "It takes 5 pixels and a generation at least.",
        )
    rng, asked = np.random.default_rng(seed), []
    height, width, _ = image.shape
    bounds = [(0, height - 1), (0, width - 1), (0, 255), (0, 255), (0, 255)]

    def objective(pixels: np.ndarray) -> np.ndarray:
        tried = np.stack([with_pixel(image, pixel) for pixel in np.rint(pixels.T).astype(int)])
        asked.append(margins(tried))
        return asked[-1]

    def fooled(intermediate_result: OptimizeResult) -> bool:
        return intermediate_result.fun < 0

    init: Any = rng.uniform(*np.array(bounds).T, size=(population, 5))  # scipy's stub allows names alone
    done = differential_evolution(
        objective, bounds, strategy="rand1bin", maxiter=generations, init=init, mutation=WEIGHT,
        recombination=CROSSOVER, tol=0, rng=rng, callback=fooled, polish=False, updating="deferred",
        vectorized=True,
    )  # fmt: skip
    pixel = np.rint(done.x).astype(int)
    return Found(pixel, float(done.fun), float(asked[0].min()), sum(map(len, asked)))


def with_pixel(image: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """`image` (h, w, 3) with one pixel, (row, column, red, green, blue), in its colour."""
    changed = image.copy()
    changed[pixel[0], pixel[1]] = pixel[2:]
    return changed


def margins(probabilities: np.ndarray, label: int) -> np.ndarray:
    """The probability of the class `label` less the highest of the others, (n,), of (n, classes)."""
    others = np.delete(probabilities, label, axis=1)
    return probabilities[:, label] - others.max(axis=1)
