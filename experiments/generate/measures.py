"""Measure what generators draw, with a classifier of digits in the place of the eye.

Every set of pictures has the same size, on which the Fréchet distance depends; real training pictures, held
against the same real test pictures, show what the best generator could reach.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
import torch
from pydantic import Field

from experiments.data.mnist import Digits
from experiments.generate import conditional, features, pictures
from experiments.generate.classifier import RecipeSettings
from experiments.generate.conditional import Conditional, ConditionalRun, RealRun, TrainedOnReal
from experiments.generate.features import CLASSES
from experiments.generate.kept import load_generator, sample
from experiments.generate.means import share
from experiments.generate.measured import Judge, Measured, Run, Summary, judge, summarize
from experiments.generate.ranks import FEWEST, Rank, rank_correlation
from experiments.generate.side_by_side import each
from experiments.nn import device
from report import stage
from report.errors import ColophonError
from report.stage import quantity


class Settings(RecipeSettings):
    samples: int = Field(
        default=10_000,
        ge=10,
        le=10_000,
        description="of each generator, and real ones: MNIST's test pictures",
    )
    neighbours: int = Field(default=5, ge=1, le=100, description="the k of Naeem et al. 2020")
    black_share: float = Field(
        default=0.99, gt=0, le=1, description="of the real pictures in which background is black"
    )
    missing_below: float = Field(
        default=0.01, gt=0, lt=0.1, description="share of a missing class: a tenth of a fair one"
    )
    epochs: int = Field(default=10, ge=1, le=1000, description="of the classifiers trained on samples")
    sample_seed: int = Field(
        default=1000,
        ge=0,
        lt=2**31,
        description="of the noise, plus the training's: none of it is seen there",
    )


class Variant(Summary):
    slug: str = quantity("the variant's name in settings")
    title: str = quantity("how it departs from the default, in the document's words")
    size: int = quantity("side of its pictures before they are shrunk for the classifier, in pixels")
    runs: list[Run] = quantity("one entry a seed")


class Metrics(stage.Metrics):
    data_title: str = quantity("the data set's name in the document")
    samples: int = quantity("pictures in each set, a count")
    features: int = quantity("features of a picture, a count")
    neighbours: int = quantity("k of precision, recall, density and coverage, a count")
    missing_below: float = quantity("share below which a class counts as missing", "fraction", 0)
    black_share: float = quantity("share of the real pictures in which background is black", "fraction", 0)
    black_pixels: float = quantity("share of a picture's pixels that are background", "fraction", 0)
    real: Measured = quantity("real training pictures: the floor")
    shrunk: Measured | None = quantity("the same from the largest size of a variant, the floor of that one")
    variants: list[Variant] = quantity("generators without classes")
    conditional: list[Conditional] = quantity("generators that are told the class")
    loss_rank: Rank | None = quantity(
        "rank correlation of the generator's loss in the last epoch with the Fréchet distance, over the "
        "trainings with the default's loss; none of fewer than five"
    )
    trained_on_real: TrainedOnReal = quantity("what classifiers trained on samples are held against")


@dataclass(frozen=True)
class Job:
    """A generator to measure: whose it is, and its entry among the trained ones."""

    result: stage.Result
    slug: str  # of a variant of generate/cdcgan; empty for generate/dcgan
    trained: dict[str, Any]

    def draw(self, settings: Settings, asked: np.ndarray | None = None) -> np.ndarray:
        """Its pictures at the classifier's size, uint8 (samples, 32, 32)."""
        seed = self.trained["seed"]
        generator = load_generator(self.result, seed, self.slug).to(device.choose())
        labels = None if asked is None else torch.from_numpy(asked)
        return features.shrunk(sample(generator, settings.samples, settings.sample_seed + seed, labels))


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes nothing but the metrics."""
    network = features.load(inputs["generate/classifier"])
    train, test = pictures.load(settings, inputs.data, features.SIDE)
    held_against = chosen(test, settings.samples, settings.sample_seed).images[..., 0]
    by = judge(network, held_against, settings.neighbours, settings.black_share, settings.missing_below)
    taught = partial(conditional.taught, test=test, recipe=settings.recipe(settings.epochs))
    plain, told = inputs.all("generate/dcgan"), inputs["generate/cdcgan"]
    variants, methods = [result.metrics for result in plain], told.metrics["variants"]

    def on_real(seed: int) -> RealRun:
        return RealRun(seed=seed, accuracy=taught(chosen(train, settings.samples, seed), seed=seed))

    jobs = [Job(result, "", one) for result in plain for one in result.metrics["runs"]]
    runs = iter(each(partial(_measured, settings, by), jobs, outputs, "generators"))
    jobs = [Job(told, method["slug"], one) for method in methods for one in method["runs"]]
    told_runs = iter(each(partial(_with_classes, settings, by, taught), jobs, outputs, "with classes"))
    real_runs = each(on_real, sorted({job.trained["seed"] for job in jobs}), outputs, "on real pictures")
    found = [_variant(about, list(islice(runs, len(about["runs"])))) for about in variants]
    largest = max(features.SIDE, *(variant["size"] for variant in variants))
    return Metrics(
        data_title=pictures.TITLES[settings.source],
        samples=settings.samples,
        features=network.num_features,
        neighbours=settings.neighbours,
        missing_below=settings.missing_below,
        black_share=settings.black_share,
        black_pixels=float(by.black.mean()),
        real=by.measure(chosen(train, settings.samples, settings.sample_seed).images[..., 0]),
        shrunk=_shrunk(settings, inputs, by, largest) if largest > features.SIDE else None,
        variants=found,
        conditional=[
            conditional.summarize_told(method, list(islice(told_runs, len(method["runs"]))))
            for method in methods
        ],
        loss_rank=_loss_rank(variants, [run for variant in found for run in variant.runs]),
        trained_on_real=TrainedOnReal(accuracy=share([one.accuracy for one in real_runs]), runs=real_runs),
    )


def chosen(digits: Digits, count: int, seed: int) -> Digits:
    """So many of the digits, drawn without return.

    Raises ColophonError where there are fewer: sets of different sizes could not be compared.
    """
    if count > len(digits):
        raise ColophonError(
            f"{count} samples are to be held against as many real pictures, and there are {len(digits)}",
            f"Lower samples to {len(digits)}, or raise train_images and test_images.",
        )
    rows = np.random.default_rng(seed).permutation(len(digits))[:count]
    return Digits(digits.images[rows], digits.labels[rows])


def _measured(settings: Settings, by: Judge, job: Job) -> Run:
    measured = by.measure(job.draw(settings)).model_dump()
    return Run(**measured, seed=job.trained["seed"], stopped=job.trained["stopped"])


def _with_classes(settings: Settings, by: Judge, taught: Callable[..., float], job: Job) -> ConditionalRun:
    asked = np.arange(settings.samples) % CLASSES
    images = job.draw(settings, asked)
    answers = features.answer(by.network, images)
    accuracy, by_class = conditional.obeyed(answers, asked)
    seed = job.trained["seed"]
    return ConditionalRun(
        **by.measure(images, answers).model_dump(),
        seed=seed,
        stopped=job.trained["stopped"],
        accuracy=accuracy,
        by_class=by_class,
        trained_on_samples=taught(Digits(images[..., None], asked), seed=seed),
    )


def _shrunk(settings: Settings, inputs: stage.Inputs, by: Judge, size: int) -> Measured:
    train, _ = pictures.load(settings, inputs.data, size)
    return by.measure(chosen(train, settings.samples, settings.sample_seed).images[..., 0])


def _variant(about: dict[str, Any], runs: list[Run]) -> Variant:
    shown = {name: about[name] for name in ("slug", "title", "size")}
    return Variant(**summarize(runs), **shown, runs=runs)


def _loss_rank(variants: list[dict[str, Any]], runs: list[Run]) -> Rank | None:
    """Of the trainings that ended, with the loss of most of them: other losses have other scales."""
    trained = [(about["loss"], one["loss_g"]) for about in variants for one in about["runs"]]
    usual = Counter(loss for loss, _ in trained).most_common(1)[0][0]
    pairs = [
        (value, run.frechet)
        for (loss, value), run in zip(trained, runs, strict=True)
        if loss == usual and run.stopped is None
    ]
    return rank_correlation(*zip(*pairs, strict=True)) if len(pairs) >= FEWEST else None
