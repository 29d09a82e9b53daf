"""The interval of an accuracy."""

import numpy as np
import pytest

from experiments.digits.accuracy import accuracy


def test_the_interval_of_half_right_answers_lies_evenly_around_a_half():
    found = accuracy(np.array([True, False] * 50))
    assert found.value == 0.5 and found.total == 100
    assert found.low + found.high == pytest.approx(1)
    assert found.high == pytest.approx(0.5962, abs=1e-4)  # Wilson 1927 for 50 of 100
