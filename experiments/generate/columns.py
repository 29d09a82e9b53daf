"""Pictures of every class from one noise vector: how much of their style they have in common."""

from collections.abc import Sequence
from typing import Any

import torch

from experiments.generate import styles
from experiments.generate.features import CLASSES, shrunk
from experiments.generate.kept import draw, load_generator, noise
from experiments.nn import device
from experiments.statistics import Mean, mean
from report import stage
from report.stage import quantity


class StyleRun(stage.Metrics):
    seed: int = quantity("of the training that made the generator")
    shared: float = quantity("share of the variance within classes that the noise decides", "fraction", 1)
    low: float = quantity("lower end of where 95 % of shuffled columns lie", "fraction", 1)
    high: float = quantity("upper end of where 95 % of shuffled columns lie", "fraction", 1)
    p: float = quantity("share of the shuffles that reach as much", "", 3)


class Style(stage.Metrics):
    shared: Mean = quantity("share of the variance that pictures of one noise share, over the seeds")
    above: int = quantity("seeds whose share lies above 95 % of the shuffles, a count")
    runs: list[StyleRun] = quantity("one entry a seed")


class Columns(stage.Metrics):
    slug: str = quantity("conditional, or blind for a discriminator without the class")
    title: str = quantity("the variant in the document's words")
    ink: Style = quantity("of the mean grey level")
    slant: Style = quantity("of the angle of the slant")
    width: Style = quantity("of the width without the slant")


def measure(
    result: stage.Result, slug: str, seed: int, noise_seed: int, count: int, shuffles: int
) -> dict[str, StyleRun]:
    """What the columns of one generator share, by the name of the style.

    Args:
        result: of generate/cdcgan.
        count: columns, each a noise vector that all classes are drawn from.
        shuffles: of each class's pictures over the columns.
    """
    generator = load_generator(result, seed, slug).to(device.choose())
    vectors = noise(count, generator.shape.noise, noise_seed).repeat_interleave(CLASSES, dim=0)
    images = draw(generator, vectors, torch.arange(CLASSES).repeat(count))
    found = {}
    for name, values in styles.measure(shrunk(images)).items():
        common = styles.shared(values.reshape(count, CLASSES), shuffles, noise_seed)
        found[name] = StyleRun(seed=seed, shared=common.share, low=common.low, high=common.high, p=common.p)
    return found


def summarize(about: dict[str, Any], runs: Sequence[dict[str, StyleRun]]) -> Columns:
    """A variant of generate/cdcgan, from its metrics there and what its seeds' columns share."""
    return Columns(
        slug=about["slug"],
        title=about["title"],
        **{name: _style([run[name] for run in runs]) for name in styles.NAMES},
    )


def _style(runs: list[StyleRun]) -> Style:
    return Style(
        shared=mean([run.shared for run in runs]),
        above=sum(run.shared > run.high for run in runs),
        runs=runs,
    )
