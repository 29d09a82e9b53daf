"""Distances and overlaps of feature sets, classes and background, against their definitions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from experiments.generate import scores
from report.errors import ColophonError


def cloud_of(count: int, width: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, width))


def white(count: int, width: int) -> np.ndarray:
    """Features whose mean is 0 and whose covariance is the identity, exactly."""
    centred = cloud_of(count, width, 0)
    centred -= centred.mean(0)
    root = np.linalg.cholesky(np.linalg.inv(np.cov(centred.T)))
    return centred @ root


def test_the_frechet_distance_of_stretched_and_moved_features_is_its_closed_form() -> None:
    real, stretch, move = white(50, 3), np.array([1.0, 2.0, 0.5]), np.array([0.3, 0.0, -1.0])
    expected = np.sum(move**2) + np.sum((stretch - 1) ** 2)
    assert scores.frechet(real, real * stretch + move) == pytest.approx(expected)
    assert scores.frechet(real, real) == pytest.approx(0, abs=1e-9)


def test_the_frechet_distance_is_that_of_the_matrix_root() -> None:
    real, drawn = cloud_of(60, 6, 1), cloud_of(80, 6, 2) @ cloud_of(6, 6, 3) + 1
    first, second = np.cov(real.T), np.cov(drawn.T)
    root = np.real(np.asarray(sqrtm(first @ second)))
    expected = np.sum((real.mean(0) - drawn.mean(0)) ** 2) + np.trace(first + second - 2 * root)
    assert scores.frechet(real, drawn) == pytest.approx(expected)


def test_few_pictures_make_the_frechet_distance_too_large() -> None:
    """Which is why all sets have the same size."""
    few, many = (scores.frechet(cloud_of(n, 8, 4), cloud_of(n, 8, 5)) for n in (20, 2000))
    assert few > 10 * many > 0


def test_no_covariance_is_taken_of_fewer_pictures_than_features() -> None:
    with pytest.raises(ColophonError, match="6 pictures are too few for the covariance of 6 features"):
        scores.frechet(cloud_of(50, 6, 0), cloud_of(6, 6, 1))


def by_definition(real: np.ndarray, drawn: np.ndarray, k: int) -> scores.Overlap:
    """The papers' formulas, picture by picture."""

    def radius(points: np.ndarray, index: int) -> float:
        return sorted(math.dist(points[index], other) for i, other in enumerate(points) if i != index)[
            k - 1
        ]

    real_radii = [radius(real, i) for i in range(len(real))]
    drawn_radii = [radius(drawn, i) for i in range(len(drawn))]
    hits = [[math.dist(y, x) <= r for x, r in zip(real, real_radii, strict=True)] for y in drawn]
    recalled = [any(math.dist(x, y) <= r for y, r in zip(drawn, drawn_radii, strict=True)) for x in real]
    return scores.Overlap(
        precision=sum(any(row) for row in hits) / len(drawn),
        recall=sum(recalled) / len(real),
        density=sum(sum(row) for row in hits) / (k * len(drawn)),
        coverage=sum(any(row[i] for row in hits) for i in range(len(real))) / len(real),
    )


@pytest.mark.parametrize(("k", "shift"), [(1, 0.0), (3, 0.5), (5, 2.0)])
def test_overlaps_are_those_of_the_papers_formulas(monkeypatch, k, shift) -> None:
    monkeypatch.setattr(scores, "ROWS", 7)  # several blocks, the last one smaller
    real, drawn = cloud_of(30, 4, 0), cloud_of(25, 4, 1) + shift
    found = scores.overlap(scores.cloud(real, k), scores.cloud(drawn, k))
    assert vars(found) == pytest.approx(vars(by_definition(real, drawn, k)))


def test_a_generator_that_repeats_one_mode_is_precise_and_covers_half() -> None:
    modes = cloud_of(200, 3, 0), cloud_of(200, 3, 1) + 100
    real = scores.cloud(np.concatenate(modes), 3)
    found = scores.overlap(real, scores.cloud(cloud_of(400, 3, 2), 3))
    assert found.precision > 0.85 and found.coverage == pytest.approx(0.5, abs=0.05)
    assert 0.4 < found.recall <= 0.5
    same = scores.overlap(real, real)
    assert (same.precision, same.recall, same.coverage) == (1, 1, 1)
    away = scores.overlap(real, scores.cloud(cloud_of(400, 3, 2) - 500, 3))
    assert vars(away) == {"precision": 0, "recall": 0, "density": 0, "coverage": 0}


def test_density_of_pictures_like_the_real_ones_is_about_one() -> None:
    found = scores.overlap(scores.cloud(cloud_of(800, 3, 0), 5), scores.cloud(cloud_of(800, 3, 1), 5))
    assert found.density == pytest.approx(1, abs=0.1)


def test_pictures_must_outnumber_their_neighbours() -> None:
    assert len(scores.cloud(cloud_of(6, 2, 0), 5).radii) == 6
    with pytest.raises(ColophonError, match="6 pictures do not have 6 neighbours each"):
        scores.cloud(cloud_of(6, 2, 0), 6)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=50))
def test_a_histogram_holds_the_share_of_each_class(labels: list[int]) -> None:
    shares = scores.histogram(np.array(labels))
    assert shares == pytest.approx([labels.count(digit) / len(labels) for digit in range(10)])
    assert 0 <= scores.spread(shares) <= math.log(10) + 1e-12
    assert scores.missing(shares, 1e-9) == 10 - len(set(labels))


def test_the_entropy_is_ln_10_for_equal_classes_and_0_for_one() -> None:
    assert scores.spread([0.1] * 10) == pytest.approx(math.log(10))
    assert scores.spread([1.0] + [0.0] * 9) == 0
    assert scores.missing([0.009, 0.01, 0.981] + [0.0] * 7, 0.01) == 8


def test_background_is_measured_where_nearly_all_real_pictures_are_black() -> None:
    real = np.zeros((100, 2, 3), dtype=np.uint8)
    real[:, 0, 0] = 9
    real[:2, 0, 1] = 200  # in two of a hundred
    real[:1, 0, 2] = 200  # in one
    black = scores.always_black(real, 0.99)
    assert black.tolist() == [[False, False, True], [True, True, True]]
    drawn = np.full((4, 2, 3), 7, dtype=np.uint8)
    drawn[:, 0, :2] = 255
    drawn[0, 1, 0] = 27
    assert scores.background(drawn, black) == pytest.approx(7 + 20 / 16)
    with pytest.raises(ColophonError, match=r"no pixel is black in 100\.0% of the real pictures"):
        scores.always_black(np.ones((3, 2, 2), dtype=np.uint8), 1.0)
