import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.calibration import reliability


def test_the_error_is_that_of_a_case_worked_out_by_hand() -> None:
    # Two bins: 0.2 and 0.4, one right (gap 0.2, weight 2/5); 0.6, 0.8, 1.0, two right (gap 2/15, 3/5).
    confidence = np.array([0.2, 0.4, 0.6, 0.8, 1.0])
    correct = np.array([False, True, True, False, True])
    found = reliability(confidence, correct, bins=2)
    np.testing.assert_array_equal(found.counts, [2, 3])
    np.testing.assert_allclose(found.confidence, [0.3, 0.8])
    np.testing.assert_allclose(found.accuracy, [0.5, 2 / 3])
    assert found.expected_error == pytest.approx(0.4 * 0.2 + 0.6 * (0.8 - 2 / 3))


def test_a_bin_holds_its_upper_edge_and_the_first_one_zero() -> None:
    counts = reliability(np.array([0.0, 0.5, np.nextafter(0.5, 1), 1.0]), np.ones(4, bool), bins=2).counts
    np.testing.assert_array_equal(counts, [2, 2])


@given(st.floats(0, 1), st.integers(0, 30), st.integers(1, 30))
def test_one_confidence_for_all_gives_the_gap_to_the_accuracy(p: float, right: int, wrong: int) -> None:
    correct = np.arange(right + wrong) < right
    found = reliability(np.full(right + wrong, p), correct)
    assert found.expected_error == pytest.approx(abs(correct.mean() - p))


def test_shapes_that_differ_and_no_answers_are_refused() -> None:
    for count in (0, 3):
        with pytest.raises(ValueError, match="confidences"):
            reliability(np.zeros(count), np.zeros(2 if count else 0, bool))
