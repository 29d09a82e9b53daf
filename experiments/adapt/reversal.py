"""How strongly the gradient is reversed in the course of training."""

from dataclasses import dataclass
from math import exp, inf, isinf

import numpy as np

STEEPEST = 100.0  # the practical's c; above, the schedule is constant but for the first iterations


@dataclass(frozen=True)
class Schedule:
    """lambda(p) = end s(p) / s(1), with s(p) = 2 / (1 + exp(-slope p)) - 1 and p from 0 to 1 in training.

    The practical's schedule (Ganin & Lempitsky 2015) is s itself: its one constant sets
    how steep it is and where it ends. Here they are apart.

    Attributes:
        end: the strength at the end of training; negative where the gradient is not reversed.
        slope: 0 for a straight line from 0, infinity for a constant.
    """

    end: float
    slope: float = inf

    def at(self, progress: np.ndarray) -> np.ndarray:
        """The strength at each progress in [0, 1], of the same shape."""
        progress = np.asarray(progress, dtype=float)
        if isinf(self.slope):
            return np.full(progress.shape, self.end)
        if self.slope == 0:
            return self.end * progress
        return self.end * np.tanh(self.slope * progress / 2) / np.tanh(self.slope / 2)


def practical(c: float) -> Schedule:
    """The practical's 2 / (1 + exp(-c p)) - 1, which ends at 0.762 for c = 2."""
    return Schedule(2 / (1 + exp(-c)) - 1, c)


def mean_over_training(schedule: Schedule) -> float:
    """The mean of the strength over training, in closed form for p uniform in [0, 1]."""
    if isinf(schedule.slope):
        return schedule.end
    if schedule.slope == 0:
        return schedule.end / 2
    half = schedule.slope / 2
    return float(schedule.end * np.log(np.cosh(half)) / half / np.tanh(half))
