"""Accuracy with its interval, shared by the stages of this chapter."""

import numpy as np
from scipy.stats import binomtest

from report.stage import Metrics, quantity


class Accuracy(Metrics):
    """A share of right answers with its Wilson 95 % interval."""

    value: float = quantity("share of right answers", "fraction", 1)
    low: float = quantity("lower end of the 95 % interval", "fraction", 1)
    high: float = quantity("upper end of the 95 % interval", "fraction", 1)
    correct: int = quantity("right answers, a count")
    total: int = quantity("answers, a count")


def accuracy(correct: np.ndarray) -> Accuracy:
    """The accuracy of the answers `correct`, a bool array with one entry a test image."""
    right, total = int(correct.sum()), len(correct)
    interval = binomtest(right, total).proportion_ci(method="wilson")
    return Accuracy(value=right / total, low=interval.low, high=interval.high, correct=right, total=total)
