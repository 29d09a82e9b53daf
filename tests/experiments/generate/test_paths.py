"""Lines and great circles between noise vectors."""

import numpy as np
import pytest

from experiments.generate.paths import KINDS, between, line, sphere
from report.errors import ColophonError

ALPHAS = np.linspace(0, 1, 5)


def pairs(seed: int, count: int = 6, size: int = 100) -> tuple[np.ndarray, np.ndarray]:
    first, second = np.random.default_rng(seed).normal(size=(2, count, size))
    return first, second


@pytest.mark.parametrize("kind", KINDS)
def test_ways_begin_and_end_at_their_ends(kind) -> None:
    first, second = pairs(0)
    found = between(kind, first, second, ALPHAS)
    assert found.shape == (6, 5, 100) and found.dtype == np.float32
    assert found[:, 0] == pytest.approx(first, abs=1e-6) and found[:, -1] == pytest.approx(second, abs=1e-6)


def test_a_line_is_the_practicals_formula() -> None:
    first, second = pairs(1)
    assert line(first, second, np.array([0.3]))[:, 0] == pytest.approx(0.7 * first + 0.3 * second)


def test_a_circle_of_right_angles_goes_by_sine_and_cosine() -> None:
    first, second = np.array([[2.0, 0, 0]]), np.array([[0, 2.0, 0]])
    angles = ALPHAS * np.pi / 2
    expected = np.stack([2 * np.cos(angles), 2 * np.sin(angles), 0 * angles], axis=1)
    assert sphere(first, second, ALPHAS)[0] == pytest.approx(expected)


def test_lines_shorten_the_noise_by_the_root_of_two_and_circles_do_not() -> None:
    first, second = pairs(2, count=200, size=400)
    middle = np.array([0.5])
    lengths = {kind: np.linalg.norm(between(kind, first, second, middle), axis=2).mean() for kind in KINDS}
    assert lengths["line"] == pytest.approx(20 / np.sqrt(2), rel=0.01)
    assert lengths["sphere"] == pytest.approx(20, rel=0.01)


def test_a_circle_between_equal_directions_is_a_line_and_between_opposite_ones_there_is_none() -> None:
    ends = np.array([[1.0, 2.0]])
    assert sphere(ends, 3 * ends, ALPHAS) == pytest.approx(line(ends, 3 * ends, ALPHAS))
    with pytest.raises(ColophonError, match="opposite directions"):
        sphere(ends, -2 * ends, ALPHAS)
    with pytest.raises(ColophonError, match="is 0 and has no direction"):
        sphere(ends, 0 * ends, ALPHAS)
