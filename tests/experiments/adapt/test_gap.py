"""How far apart two domains' features are."""

import numpy as np
import pytest

from experiments.adapt.gap import a_distance, mmd, probe_error


def clouds(shift: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 1, (300, 5)), rng.normal(shift, 1, (300, 5))


def test_a_probe_cannot_tell_equal_domains_apart_and_tells_distant_ones() -> None:
    assert probe_error(*clouds(0), seed=1) == pytest.approx(0.5, abs=0.06)
    assert probe_error(*clouds(5), seed=1) == 0


def test_no_digit_that_the_probe_saw_is_tested_in_the_other_domain() -> None:
    """Pairs of equal features: a probe that had seen one of a pair would be wrong on the other."""
    features, _ = clouds(0)
    errors = [probe_error(features, features + 1e-9, seed) for seed in range(5)]
    assert np.mean(errors) == pytest.approx(0.5, abs=0.02)


def test_the_a_distance_is_its_formula_between_its_ends() -> None:
    assert [a_distance(error) for error in (0, 0.25, 0.5, 0.6)] == [2, 1, 0, 0]


def test_mmd_is_the_mean_of_its_u_statistic_written_as_loops() -> None:
    source, target = (part[:12] for part in clouds(1))
    every = np.concatenate([source, target])
    distances = [np.linalg.norm(a - b) for i, a in enumerate(every) for b in every[:i]]
    scale = 2 * np.median(np.square(distances))

    def kernel(a, b) -> float:
        return float(np.exp(-np.sum((a - b) ** 2) / scale))

    def within(part) -> float:
        return float(
            np.mean([kernel(a, b) for i, a in enumerate(part) for j, b in enumerate(part) if i != j])
        )

    across = np.mean([kernel(a, b) for a in source for b in target])
    assert mmd(source, target) == pytest.approx(within(source) + within(target) - 2 * across)


def test_mmd_is_about_zero_for_equal_domains_and_free_of_scale() -> None:
    assert mmd(*clouds(0)) == pytest.approx(0, abs=0.01)
    source, target = clouds(1)
    assert mmd(source, target) > 0.1
    assert mmd(50 * source, 50 * target) == pytest.approx(mmd(source, target))
    assert mmd(np.ones((5, 2)), np.ones((5, 2))) == pytest.approx(0)
