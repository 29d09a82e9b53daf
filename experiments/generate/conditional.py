"""What is measured of generators that are told the class, and of classifiers trained on what they draw."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from experiments.data.mnist import Digits
from experiments.generate.features import CLASSES, Answers, Recipe, Training, answer
from experiments.generate.means import share
from experiments.generate.measured import Run, Summary, summarize
from experiments.statistics import Mean
from report import stage
from report.errors import ColophonError
from report.stage import quantity


class ConditionalRun(Run):
    accuracy: float = quantity("share of the pictures that show the digit asked for", "fraction", 1)
    by_class: list[float] = quantity("the same for each digit", "fraction", 1)
    trained_on_samples: float = quantity(
        "accuracy on real test pictures of a classifier trained on these", "fraction", 1
    )


class ByClass(stage.Metrics):
    digit: int = quantity("the digit that was asked for")
    accuracy: Mean = quantity("share of the pictures that show it, over the seeds")


class Conditional(Summary):
    slug: str = quantity("conditional, or blind for a discriminator without the class")
    title: str = quantity("the variant in the document's words")
    size: int = quantity("side of its pictures, in pixels")
    accuracy: Mean = quantity("share of the pictures that show the digit asked for, over the seeds")
    by_class: list[ByClass] = quantity("the same for each digit")
    trained_on_samples: Mean = quantity(
        "accuracy on real test pictures of classifiers trained on samples, over the seeds"
    )
    runs: list[ConditionalRun] = quantity("one entry a seed")


class RealRun(stage.Metrics):
    seed: int = quantity("of the classifier and of the choice of pictures")
    accuracy: float = quantity("on real test pictures", "fraction", 1)


class TrainedOnReal(stage.Metrics):
    accuracy: Mean = quantity("of classifiers trained on real pictures, as many as samples, over the seeds")
    runs: list[RealRun] = quantity("one entry a seed")


def obeyed(answers: Answers, asked: np.ndarray) -> tuple[float, list[float]]:
    """How often the classifier sees the digit that was asked for (n,): in all, and of each digit.

    Raises ColophonError where a digit was not asked for.
    """
    right = answers.labels == asked
    absent = sorted(set(range(CLASSES)) - set(asked.tolist()))
    if absent:
        raise ColophonError(
            f"no picture of {', '.join(map(str, absent))} was asked for among {len(asked)}",
            f"Raise samples to {CLASSES} at least.",
        )
    return float(right.mean()), [float(right[asked == digit].mean()) for digit in range(CLASSES)]


def taught(digits: Digits, test: Digits, recipe: Recipe, seed: int) -> float:
    """The accuracy on test digits of a classifier trained on `digits`, both uint8 (n, 32, 32, 1).

    On samples it is Ravuri and Vinyals' classification accuracy score (2019, arXiv:1905.10887).
    """
    fit = Training(digits, recipe, seed)
    for _ in fit.epochs():
        pass
    return float(np.mean(answer(fit.network, test.images[..., 0]).labels == test.labels))


def summarize_told(metrics: dict[str, Any], runs: Sequence[ConditionalRun]) -> Conditional:
    """A variant of generate/cdcgan, from its metrics there and its measured runs."""
    by_class = [
        ByClass(digit=digit, accuracy=share([run.by_class[digit] for run in runs]))
        for digit in range(CLASSES)
    ]
    return Conditional(
        **summarize(runs),
        slug=metrics["slug"],
        title=metrics["title"],
        size=metrics["size"],
        accuracy=share([run.accuracy for run in runs]),
        by_class=by_class,
        trained_on_samples=share([run.trained_on_samples for run in runs]),
        runs=list(runs),
    )
