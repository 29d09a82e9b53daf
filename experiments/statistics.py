"""Statistics of classification results."""

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtri, stdtrit

from report.stage import Metrics, quantity


class Accuracy(Metrics):
    """A share of right answers with its Wilson 95 % interval."""

    value: float = quantity("share of right answers", "fraction", 1, ge=0, le=1)
    low: float = quantity("lower end of the Wilson 95 % interval", "fraction", 1, ge=0, le=1)
    high: float = quantity("upper end of the Wilson 95 % interval", "fraction", 1, ge=0, le=1)
    correct: int = quantity("right answers, a count", ge=0)
    total: int = quantity("answers, a count", ge=1)


class ClassAccuracy(Accuracy):
    """The accuracy on the test images of one class."""

    name: str = quantity("the class")


class Mean(Metrics):
    """The mean of an accuracy over several seeds or splits with its t-interval."""

    value: float = quantity("mean", "fraction", 1)
    low: float = quantity("lower end of the mean's 95 % t-interval", "fraction", 1)
    high: float = quantity("upper end of the mean's 95 % t-interval", "fraction", 1)
    standard_deviation: float = quantity("standard deviation over them", "fraction", 2)
    count: int = quantity("how many, a count", ge=2)


def mean(values: Sequence[float], level: float = 0.95, overlap: float = 0.0) -> Mean:
    """The mean of at least two values, with Student's interval for normal, independent ones.

    Args:
        values: one a seed or split.
        level: the interval's coverage, in (0, 1).
        overlap: test images a training image, where the values come from random splits of the same
            images: their dependence widens the interval as Nadeau and Bengio's corrected
            resampled t-test does (2003, Machine Learning 52, section 3.4). 0 for independent values.
    """
    count = len(values)
    if count < 2 or not 0 < level < 1:
        raise ValueError(f"no t-interval for {count} values at level {level}")
    centre, deviation = float(np.mean(values)), float(np.std(values, ddof=1))
    half = float(stdtrit(count - 1, 0.5 + level / 2)) * deviation * (1 / count + overlap) ** 0.5
    return Mean(
        value=centre,
        low=centre - half,
        high=centre + half,
        standard_deviation=deviation,
        count=count,
    )


def wilson(correct: int, total: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a binomial proportion (Wilson 1927, JASA 22).

    Args:
        correct: successes, 0 to `total`.
        total: trials, at least 1.
        level: the interval's coverage, in (0, 1).

    Returns:
        Lower and upper end, fractions within [0, 1].
    """
    if not 0 <= correct <= total or total < 1 or not 0 < level < 1:
        raise ValueError(f"no Wilson interval for {correct} of {total} at level {level}")
    z = float(ndtri(0.5 + level / 2))
    share = correct / total
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * np.sqrt(share * (1 - share) / total + z * z / (4 * total**2)) / (1 + z * z / total)
    return float(max(0.0, centre - half)), float(min(1.0, centre + half))


def accuracy(predicted: np.ndarray, labels: np.ndarray) -> Accuracy:
    """The accuracy of `predicted` (n,) against `labels` (n,), n at least 1."""
    return Accuracy.model_validate(_counted(predicted, labels))


def class_accuracies(predicted: np.ndarray, labels: np.ndarray, names: list[str]) -> list[ClassAccuracy]:
    """The accuracy on each class, in the order of `names`; classes without images are left out."""
    return [
        ClassAccuracy.model_validate(
            {"name": name, **_counted(predicted[labels == index], labels[labels == index])}
        )
        for index, name in enumerate(names)
        if np.any(labels == index)
    ]


def _counted(predicted: np.ndarray, labels: np.ndarray) -> dict[str, float | int]:
    if predicted.shape != labels.shape:
        raise ValueError(f"{predicted.shape} predictions for {labels.shape} labels")
    correct, total = int(np.sum(predicted == labels)), int(labels.size)
    low, high = wilson(correct, total)
    return {
        "value": correct / total,
        "low": low,
        "high": high,
        "correct": correct,
        "total": total,
    }
