"""Means over seeds of what is no share: nats, grey levels, plain numbers, and distances by their logarithm.

Their intervals are Student's, those of shares cut where no share can be.
"""

import math
from collections.abc import Sequence

import numpy as np

from experiments.statistics import Mean, mean
from report.stage import Metrics, quantity


class Number(Metrics):
    """The mean of a number without unit, with its t-interval."""

    value: float = quantity("mean", "", 2)
    low: float = quantity("lower end of the mean's 95 % t-interval", "", 2)
    high: float = quantity("upper end of the mean's 95 % t-interval", "", 2)
    standard_deviation: float = quantity("standard deviation over them", "", 2)
    count: int = quantity("how many, a count", ge=2)


class Nats(Metrics):
    """The mean of a loss or an entropy, with its t-interval."""

    value: float = quantity("mean", "nats", 2)
    low: float = quantity("lower end of the mean's 95 % t-interval", "nats", 2)
    high: float = quantity("upper end of the mean's 95 % t-interval", "nats", 2)
    standard_deviation: float = quantity("standard deviation over them", "nats", 2)
    count: int = quantity("how many, a count", ge=2)


class GreyLevels(Metrics):
    """The mean of grey levels, 0 for black to 255 for white, with its t-interval."""

    value: float = quantity("mean", "grey levels", 2)
    low: float = quantity("lower end of the mean's 95 % t-interval", "grey levels", 2)
    high: float = quantity("upper end of the mean's 95 % t-interval", "grey levels", 2)
    standard_deviation: float = quantity("standard deviation over them", "grey levels", 2)
    count: int = quantity("how many, a count", ge=2)


class Doublings(Metrics):
    """The mean of binary logarithms, with its t-interval."""

    value: float = quantity("mean", "doublings", 2)
    low: float = quantity("lower end of the mean's 95 % t-interval", "doublings", 2)
    high: float = quantity("upper end of the mean's 95 % t-interval", "doublings", 2)
    standard_deviation: float = quantity("standard deviation over them", "doublings", 2)
    count: int = quantity("how many, a count", ge=2)


class Geometric(Metrics):
    """The geometric mean of positive numbers; its interval is that of the mean logarithm."""

    value: float = quantity("geometric mean", "", 2, gt=0)
    low: float = quantity("lower end of its 95 % interval, from the t-interval of the logarithms", "", 2)
    high: float = quantity("upper end of its 95 % interval, from the t-interval of the logarithms", "", 2)
    factor: float = quantity("typical factor between them: exp of the logarithms' deviation", "", 2)
    count: int = quantity("how many, a count", ge=2)


def share(values: Sequence[float]) -> Mean:
    """The mean of at least two shares, its interval cut at 0 and 1."""
    found = mean(values)
    return found.model_copy(update={"low": max(0.0, found.low), "high": min(1.0, found.high)})


def number(values: Sequence[float]) -> Number:
    """The mean of at least two numbers."""
    return Number.model_validate(mean(values).model_dump())


def nats(values: Sequence[float]) -> Nats:
    """The mean of at least two losses or entropies."""
    return Nats.model_validate(mean(values).model_dump())


def doublings(values: Sequence[float]) -> Doublings:
    """The mean of at least two binary logarithms."""
    return Doublings.model_validate(mean(values).model_dump())


def grey_levels(values: Sequence[float]) -> GreyLevels:
    """The mean of at least two grey levels."""
    return GreyLevels.model_validate(mean(values).model_dump())


def geometric(values: Sequence[float]) -> Geometric:
    """The geometric mean of at least two positive numbers. Raises ValueError for others.

    Distances differ between seeds by factors rather than by amounts: one failed run would decide an
    arithmetic mean.
    """
    if min(values) <= 0:
        raise ValueError(f"no geometric mean of {min(values)}")
    found = mean([float(np.log(value)) for value in values])
    return Geometric(
        value=math.exp(found.value),
        low=math.exp(found.low),
        high=math.exp(found.high),
        factor=math.exp(found.standard_deviation),
        count=found.count,
    )
