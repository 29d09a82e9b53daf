"""What the stages that train share: settings, how a variant is run and kept, and metrics."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from pydantic import Field

from experiments.data.mnist import Digits
from experiments.generate import pictures
from experiments.generate.kept import keep
from experiments.generate.means import Nats, nats, share
from experiments.generate.networks import Discriminator, Generator, Initialisation, Shape, parameters
from experiments.generate.runs import Grid, Trained, train
from experiments.generate.training import Loss, Recipe
from experiments.nn import device
from experiments.statistics import Mean
from report import stage
from report.stage import quantity

GRID_SEED = 0  # of the noise that the same pictures are drawn from over time, by every variant and seed


class Settings(pictures.Settings):
    """What every stage that trains has to say."""

    epochs: int = Field(default=5, ge=1, le=1000, description="the practical's")
    batch_size: int = Field(default=128, ge=2, le=4096, description="the practical's")
    noise: int = Field(default=100, ge=1, le=10_000, description="numbers a picture, the practical's")
    generator: int = Field(default=32, ge=1, le=1024, description="its width, the practical's ngf")
    discriminator: int = Field(default=32, ge=1, le=1024, description="its width, the practical's ndf")
    learning_rate_d: float = Field(default=2e-4, gt=0, le=1, description="the practical's")
    learning_rate_g: float = Field(default=5e-4, gt=0, le=1, description="the practical's")
    beta1: float = Field(default=0.5, ge=0, lt=1, description="of Adam, the practical's")
    beta2: float = Field(default=0.999, ge=0, lt=1, description="of Adam, the practical's")
    seeds: tuple[int, ...] = Field(
        default=(1, 2, 3), min_length=2, description="of initial weights, order and noise"
    )
    display_every: int = Field(
        default=200, ge=1, description="iterations between two drawings of the same noise; the practical's"
    )
    precision: device.PrecisionChoice = Field(
        default="float32", description="of the networks' operations; auto: bfloat16 where the device has it"
    )
    channels_last: bool = Field(
        default=False, description="whether the maps of a pixel lie together in memory: faster on CPUs"
    )

    def recipe(self, **changes: Any) -> Recipe:
        """How to train, but for what a variant changes."""
        found = Recipe(
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate_d=self.learning_rate_d,
            learning_rate_g=self.learning_rate_g,
            beta1=self.beta1,
            beta2=self.beta2,
            precision=device.resolve(self.precision, device.choose()),
            channels_last=self.channels_last,
        )
        return replace(found, **changes)

    def shape(self, **changes: Any) -> Shape:
        """The networks, but for what a variant changes."""
        found = Shape(noise=self.noise, generator=self.generator, discriminator=self.discriminator)
        return replace(found, **changes)


@dataclass(frozen=True)
class Variant:
    """A way to train: how it departs from the practical's, and its title in the document."""

    title: str
    shape: Shape
    recipe: Recipe
    initialisation: Initialisation = "dcgan"


class Run(stage.Metrics):
    seed: int = quantity("of initial weights, order and noise")
    stopped: int | None = quantity("iteration at which a loss was not finite; none for a whole training")
    loss_d: float | None = quantity("the discriminator's loss, mean over the last epoch", "nats", 2)
    loss_g: float | None = quantity("the generator's loss, mean over the last epoch", "nats", 2)
    real: float | None = quantity("D(x), mean over the last epoch", "fraction", 1)
    fake: float | None = quantity("D(G(z)), mean over the last epoch", "fraction", 1)


class Training(stage.Metrics):
    """The runs of one variant."""

    slug: str = quantity("the variant's name in settings and arrays")
    title: str = quantity("the variant's name in the document")
    noise: int = quantity("numbers a picture is drawn from, a count")
    generator_width: int = quantity("maps before the generator's last layer, a count (ngf)")
    discriminator_width: int = quantity("maps behind the discriminator's first layer, a count (ndf)")
    size: int = quantity("side of the pictures, pixels")
    epochs: int = quantity("passes over the training pictures, a count")
    iterations: int = quantity("steps of each network, a count")
    batch_size: int = quantity("real pictures an iteration, a count")
    learning_rate_d: float = quantity("of the discriminator")
    learning_rate_g: float = quantity("of the generator")
    beta1: float = quantity("of Adam")
    beta2: float = quantity("of Adam")
    initialisation: Initialisation = quantity("weights as in the DCGAN paper, or PyTorch's own")
    loss: Loss = quantity("the generator's loss")
    training_set: str = quantity("how many training pictures there are")
    data_title: str = quantity("what they are")
    parameters_generator: int = quantity("trained parameters of the generator, a count")
    parameters_discriminator: int = quantity("trained parameters of the discriminator, a count")
    displayed: list[int] = quantity("after how many iterations the same noise was drawn, counts")
    stopped: int = quantity("runs that a loss which was not finite ended, a count")
    runs: list[Run] = quantity("one entry a seed")
    loss_d: Nats | None = quantity("the discriminator's loss at the end, over the seeds")
    loss_g: Nats | None = quantity("the generator's loss at the end, over the seeds")
    real: Mean | None = quantity("D(x) at the end, over the seeds")
    fake: Mean | None = quantity("D(G(z)) at the end, over the seeds")


def run_variant(
    slug: str,
    variant: Variant,
    settings: Settings,
    seeds: Sequence[int],
    digits: Digits,
    grid: Grid,
    outputs: stage.Outputs,
    prefix: str = "",
) -> tuple[list[Trained], dict[str, Any]]:
    """Train a variant, and write weights, losses and pictures over time.

    Args:
        digits: of the variant's size.
        grid: filled on the way; the same noise is drawn at the end by every seed.
        prefix: of the files' names, with its hyphen.

    Returns:
        The trainings, and the fields of `Training`.
    """
    trained = train(
        seeds, digits, variant.shape, variant.initialisation, variant.recipe, grid, outputs, slug
    )
    for one in trained:
        keep(one.generator, outputs, one.seed, prefix.removesuffix("-"))
        outputs.save(f"{prefix}losses-{one.seed}", one.records)
    outputs.save(f"{prefix}frames", np.stack(grid.frames))
    outputs.record("precision", variant.recipe.precision)
    outputs.record("channels_last", str(variant.recipe.channels_last).lower())
    recipe, shape = variant.recipe, variant.shape
    runs = [_run(one) for one in trained]
    return trained, {
        "slug": slug,
        "title": variant.title,
        "noise": shape.noise,
        "generator_width": shape.generator,
        "discriminator_width": shape.discriminator,
        "size": shape.size,
        "epochs": recipe.epochs,
        "iterations": len(trained[0].records),
        "batch_size": recipe.batch_size,
        "learning_rate_d": recipe.learning_rate_d,
        "learning_rate_g": recipe.learning_rate_g,
        "beta1": recipe.beta1,
        "beta2": recipe.beta2,
        "initialisation": variant.initialisation,
        "loss": recipe.loss,
        "training_set": f"{len(digits):,} training digits",
        "data_title": pictures.TITLES[settings.source],
        "parameters_generator": parameters(Generator(shape)),
        "parameters_discriminator": parameters(Discriminator(shape)),
        "displayed": grid.displayed,
        "stopped": sum(run.stopped is not None for run in runs),
        "runs": runs,
        "loss_d": _over(runs, "loss_d"),
        "loss_g": _over(runs, "loss_g"),
        "real": _over(runs, "real"),
        "fake": _over(runs, "fake"),
    }


def _run(one: Trained) -> Run:
    values = [None] * 4 if one.last is None else [float(value) for value in one.last]
    return Run(
        seed=one.seed,
        stopped=one.stopped,
        loss_d=values[0],
        loss_g=values[1],
        real=values[2],
        fake=values[3],
    )


def _over(runs: Sequence[Run], name: Literal["loss_d", "loss_g", "real", "fake"]) -> Any:
    """The mean over the runs that did not stop; None where fewer than two did not."""
    values = [value for run in runs if (value := getattr(run, name)) is not None]
    if len(values) < 2:
        return None
    return nats(values) if name.startswith("loss") else share(values)
