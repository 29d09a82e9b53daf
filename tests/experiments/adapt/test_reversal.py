"""The strength of the reversal in the course of training."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from experiments.adapt.reversal import Schedule, mean_over_training, practical

REFERENCE = {
    1: (0.462, 0.240),
    2: (0.762, 0.434),
    3: (0.905, 0.570),
    5: (0.987, 0.725),
    10: (0.9999, 0.861),
}


@pytest.mark.parametrize(("c", "expected"), REFERENCE.items())
def test_the_practicals_schedule_has_its_true_range(c, expected) -> None:
    schedule = practical(c)
    start, end = schedule.at(np.array([0.0, 1.0]))
    assert start == 0
    assert end == pytest.approx(schedule.end)
    assert end == pytest.approx(expected[0], abs=5e-4)
    assert mean_over_training(schedule) == pytest.approx(expected[1], abs=5e-4)


@given(c=st.floats(0.01, 50), p=st.floats(0, 1))
def test_the_practicals_schedule_is_its_formula(c, p) -> None:
    assert practical(c).at(np.array(p)) == pytest.approx(2 / (1 + np.exp(-c * p)) - 1, abs=1e-12)


@given(end=st.floats(-3, 3), slope=st.floats(0.01, 50))
def test_end_and_slope_are_apart(end, slope) -> None:
    schedule = Schedule(end, slope)
    assert schedule.at(np.array(1.0)) == pytest.approx(end)
    assert schedule.at(np.array(0.5)) == pytest.approx(end * Schedule(1, slope).at(np.array(0.5)))


def test_no_slope_is_a_line_and_an_endless_one_a_constant() -> None:
    progress = np.linspace(0, 1, 5)
    assert np.array_equal(Schedule(0.8, 0).at(progress), 0.8 * progress)
    np.testing.assert_allclose(Schedule(0.8, 1e-4).at(progress), 0.8 * progress, atol=1e-8)
    assert np.array_equal(Schedule(-1.0).at(progress), np.full(5, -1.0))


@given(end=st.floats(0.1, 3), slope=st.sampled_from([0.0, 0.5, 4.0, 30.0, np.inf]))
def test_the_mean_is_the_integral(end, slope) -> None:
    schedule = Schedule(end, slope)
    integral = quad(lambda p: float(schedule.at(np.array(p))), 0, 1)[0]
    assert mean_over_training(schedule) == pytest.approx(integral, rel=1e-6)
