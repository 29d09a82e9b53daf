"""What is measured of a set of drawn pictures, and of several sets over their seeds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.generate import features, scores
from experiments.generate.features import Answers, Recognizer
from experiments.generate.means import (
    Doublings,
    Geometric,
    GreyLevels,
    Nats,
    Number,
    doublings,
    geometric,
    grey_levels,
    nats,
    number,
    share,
)
from experiments.statistics import Mean
from report import stage
from report.stage import quantity


class Measured(stage.Metrics):
    """One set of pictures, against real ones that neither it nor the classifier has seen."""

    frechet: float = quantity(
        "squared Fréchet distance of the classifier's features from those of as many real pictures; "
        "the fewer pictures, the larger it comes out",
        "",
        2,
    )
    doublings: float = quantity("its binary logarithm: differences of it are factors", "doublings", 2)
    precision: float = quantity("share of the pictures among the real ones", "fraction", 1, ge=0, le=1)
    recall: float = quantity("share of the real pictures among these", "fraction", 1, ge=0, le=1)
    density: float = quantity("real neighbourhoods that a picture lies in, by their k", "", 2, ge=0)
    coverage: float = quantity("share of the real neighbourhoods that hold one", "fraction", 1, ge=0, le=1)
    entropy: float = quantity("of the classes; ln 10 is 2.30", "nats", 2, ge=0)
    missing: int = quantity("classes with hardly a picture, a count", ge=0, le=10)
    confidence: float = quantity("mean probability of the class that is named", "fraction", 1, ge=0, le=1)
    background: float = quantity(
        "mean grey level, of 255, where nearly all real pictures are black", "grey levels", 2, ge=0
    )
    histogram: list[float] = quantity("share of each digit, by the classifier", "fraction", 1)


class Run(Measured):
    seed: int = quantity("of the training that made the generator")
    stopped: int | None = quantity("iteration at which that training broke off; none for a whole one")


class Summary(stage.Metrics):
    """The same over the seeds of one way to train."""

    frechet: Geometric = quantity("Fréchet distance, geometric mean over the seeds")
    doublings: Doublings = quantity("its binary logarithm, over the seeds")
    precision: Mean = quantity("share of the pictures among the real ones, over the seeds")
    recall: Mean = quantity("share of the real pictures among these, over the seeds")
    density: Number = quantity("real neighbourhoods that a picture lies in, by their k, over the seeds")
    coverage: Mean = quantity("share of the real neighbourhoods that hold one, over the seeds")
    entropy: Nats = quantity("of the classes, over the seeds")
    missing: Number = quantity("classes with hardly a picture, over the seeds")
    confidence: Mean = quantity("mean probability of the class that is named, over the seeds")
    background: GreyLevels = quantity("mean grey level of the background, over the seeds")
    histogram: list[float] = quantity("share of each digit, mean over the seeds", "fraction", 1)
    stopped: int = quantity("trainings that broke off; measured as they were before, a count")


@dataclass(frozen=True)
class Judge:
    """The classifier, and the real pictures that others are held against.

    Attributes:
        network: in evaluation mode.
        features: of the real pictures, (n, d).
        cloud: the same with their neighbourhoods.
        black: bool (32, 32), the pixels that are background.
        missing_below: a class with a smaller share counts as missing.
    """

    network: Recognizer
    features: np.ndarray
    cloud: scores.Cloud
    black: np.ndarray
    missing_below: float

    def measure(self, images: np.ndarray, answers: Answers | None = None) -> Measured:
        """Pictures uint8 (m, s, s), with the classifier's answers where they are known.

        Raises ColophonError where there are too few of them.
        """
        images = features.shrunk(images)
        answers = answers or features.answer(self.network, images)
        distance = scores.frechet(self.features, answers.features)
        covers = scores.overlap(self.cloud, scores.cloud(answers.features, self.cloud.neighbours))
        shares = scores.histogram(answers.labels)
        return Measured(
            frechet=distance,
            doublings=math.log2(distance),
            **vars(covers),
            entropy=scores.spread(shares),
            missing=scores.missing(shares, self.missing_below),
            confidence=float(answers.confidence.mean()),
            background=scores.background(images, self.black),
            histogram=shares,
        )


def judge(
    network: Recognizer, real: np.ndarray, neighbours: int, black_share: float, missing_below: float
) -> Judge:
    """Hold pictures against the real ones uint8 (n, 32, 32).

    Raises ColophonError where these are too few, or no pixel is black in `black_share` of them.
    """
    found = features.answer(network, real).features
    black = scores.always_black(real, black_share)
    return Judge(network, found, scores.cloud(found, neighbours), black, missing_below)


def summarize(runs: Sequence[Run]) -> dict[str, Any]:
    """The fields of a `Summary` for at least two runs."""

    def all_of(name: str) -> list[float]:
        return [getattr(run, name) for run in runs]

    return {
        "frechet": geometric(all_of("frechet")),
        "doublings": doublings(all_of("doublings")),
        **{name: share(all_of(name)) for name in ("precision", "recall", "coverage", "confidence")},
        "density": number(all_of("density")),
        "missing": number(all_of("missing")),
        "entropy": nats(all_of("entropy")),
        "background": grey_levels(all_of("background")),
        "histogram": np.mean([run.histogram for run in runs], axis=0).tolist(),
        "stopped": sum(run.stopped is not None for run in runs),
    }
