"""Normalisation, dropout and schedule of the improved variant, chosen without a label of the target domain.

Each candidate is trained briefly on a part of the training pictures and judged on the others. Of those
that still name the source's digits, the one is taken whose answers on the target carry the most
information: each sure, and all digits about equally often (Shi & Sha 2012). Networks that adapt badly
are unsure on the target, or take most of its pictures for a few digits; both lower the score.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Annotated, Literal

import numpy as np
from pydantic import Field
from scipy.special import softmax
from scipy.stats import entropy

from experiments.adapt import methods
from experiments.adapt.evaluation import pool, predict
from experiments.adapt.methods import Way
from experiments.adapt.networks import Shape
from experiments.adapt.reversal import STEEPEST, practical
from experiments.adapt.sweep import Plan, Trained, train
from experiments.data.domains import Domains
from experiments.data.mnist import Digits
from experiments.nn import device
from experiments.nn.threads import in_threads
from report import stage
from report.errors import ColophonError
from report.stage import quantity

Candidates = Literal["shared", "own"]
TITLES: dict[Candidates, str] = {"shared": "both domains together", "own": "each domain by itself"}


class Settings(methods.VariantSettings):
    candidate_norms: tuple[Candidates, ...] = Field(
        default=("shared", "own"), min_length=1, description="the improved variant's normalisations"
    )
    candidate_dropout: tuple[Annotated[float, Field(ge=0, lt=1)], ...] = Field(
        default=(0, 0.5), min_length=1, description="of its feature maps: none, and the usual one"
    )
    candidate_c: tuple[Annotated[float, Field(gt=0, le=STEEPEST)], ...] = Field(
        default=(2, 10), min_length=1, description="of its schedule: the practical's and the paper's"
    )
    candidate_epochs: int = Field(default=10, ge=1, le=1000, description="half the practical's")
    candidate_seeds: tuple[int, ...] = Field(
        default=(1, 2, 3), min_length=1, description="trainings of each candidate, whose means decide"
    )
    held_out: float = Field(
        default=0.2, gt=0, lt=1, description="share of the training pictures to judge candidates on"
    )
    margin: float = Field(
        default=5, ge=0, le=100, description="points of source accuracy that adaptation may lose"
    )


class Candidate(stage.Metrics):
    title: str = quantity("what is normalised together, in the document's words")
    norm: Candidates = quantity("batch normalisation over the whole batch, or domain by domain")
    dropout: float = quantity("share of the feature maps that are left out in training", "fraction", 0)
    c: float = quantity("the constant of the reversal's schedule")
    source: float = quantity("accuracy on the source pictures held out", "fraction", 1)
    score: float = quantity("information of the answers on the target pictures held out", "nats", 3)
    admitted: bool = quantity("whether the source accuracy is near the best, and every training whole")
    target: float = quantity(
        "accuracy on the target pictures held out, which the choice does not see", "fraction", 1
    )


class Choice(stage.Metrics):
    trained_on: int = quantity("pictures of each domain that candidates were trained on, a count")
    held_out: int = quantity("training pictures of each domain that they were judged on, a count")
    epochs: int = quantity("passes over the former, a count")
    seeds: int = quantity("trainings a candidate, a count")
    margin: float = quantity("how much less source accuracy than the best one's is admitted", "points", 0)
    candidates: list[Candidate] = quantity("one entry a normalisation, a dropout and a constant")
    chosen: Candidate = quantity("the highest score among those admitted")
    oracle: Candidate = quantity("the highest target accuracy among all: an oracle's choice")

    @property
    def way(self) -> Way:
        """What was chosen."""
        return Way(self.chosen.c, self.chosen.norm, self.chosen.dropout)


@dataclass(frozen=True)
class Judgement:
    """What one training of a candidate is worth on the pictures held out.

    Attributes:
        whole: whether its loss stayed finite.
        source, target: accuracies, in [0, 1].
        score: `information` of its answers on the target.
    """

    whole: bool
    source: float
    score: float
    target: float


def choose(settings: Settings, both: Domains, outputs: stage.Outputs) -> Choice:
    """Train the candidates and choose one; test pictures take no part.

    Raises ColophonError where no candidate is admitted, as every one's loss ceased to be finite.
    """
    count = min(len(both.source), len(both.target))
    kept = count - round(settings.held_out * count)
    pools = [pool(both.source.first(kept)), pool(both.target.first(kept), labelled=False)]
    held = [Digits(side.images[kept:count], side.labels[kept:count]) for side in (both.source, both.target)]
    plans = [
        Plan(seed, practical(c), shuffled=True)
        for c in settings.candidate_c
        for seed in settings.candidate_seeds
    ]
    seeds = len(settings.candidate_seeds)
    found: list[tuple[Candidates, float, float, list[Judgement]]] = []
    for norm, dropout in product(settings.candidate_norms, settings.candidate_dropout):
        recipe = settings.recipe(settings.candidate_epochs, True, dropout)
        shape, label = Shape(settings.channels, norm), f"candidates {norm} {dropout:g}"
        trained = train(plans, pools, recipe, shape, outputs, label)
        judged = in_threads(lambda one: _judge(one, held), trained)
        for place, c in enumerate(settings.candidate_c):
            found.append((norm, dropout, c, judged[place * seeds : (place + 1) * seeds]))
    candidates = compare(found, settings.margin)
    admitted = [candidate for candidate in candidates if candidate.admitted]
    if not admitted:
        raise ColophonError(
            "no candidate of the improved variant could be trained: every loss ceased to be finite",
            "Lower adam_learning_rate, or leave improved out of the variants.",
        )
    return Choice(
        trained_on=kept,
        held_out=count - kept,
        epochs=settings.candidate_epochs,
        seeds=len(settings.candidate_seeds),
        margin=settings.margin,
        candidates=candidates,
        chosen=max(admitted, key=lambda candidate: candidate.score),
        oracle=max(candidates, key=lambda candidate: candidate.target),
    )


def information(probabilities: np.ndarray) -> float:
    """The mutual information of picture and answer, in nats (Shi & Sha 2012).

    Args:
        probabilities: (n, digits), of each picture's digit.

    Returns:
        The entropy of the mean answer less the mean entropy of the answers: 0 where all answers are
        alike, log(digits) where each is sure and all digits are equally frequent.
    """
    return float(entropy(probabilities.mean(0)) - entropy(probabilities, axis=1).mean())


def _judge(trained: Trained, held: Sequence[Digits]) -> Judgement:
    network = trained.network.to(device.choose())
    source, _ = predict(network, held[0].images, "source")
    target, _ = predict(network, held[1].images, "target")
    return Judgement(
        trained.stopped is None,
        float(np.mean(source.argmax(1) == held[0].labels)),
        information(softmax(target.astype(float), axis=1)),
        float(np.mean(target.argmax(1) == held[1].labels)),
    )


def compare(
    found: Sequence[tuple[Candidates, float, float, Sequence[Judgement]]], margin: float
) -> list[Candidate]:
    """The candidates with the means over their trainings, and which of them are admitted.

    Args:
        found: normalisation, dropout, c and trainings of each.
        margin: points of source accuracy below that of the best whole candidate.
    """
    sources = [float(np.mean([one.source for one in judged])) for *_, judged in found]
    whole = [all(one.whole for one in judged) for *_, judged in found]
    best = max((source for source, ok in zip(sources, whole, strict=True) if ok), default=1.0)
    return [
        Candidate(
            title=TITLES[norm],
            norm=norm,
            dropout=dropout,
            c=c,
            source=source,
            score=float(np.mean([one.score for one in judged])),
            admitted=ok and source >= best - margin / 100,
            target=float(np.mean([one.target for one in judged])),
        )
        for (norm, dropout, c, judged), source, ok in zip(found, sources, whole, strict=True)
    ]
