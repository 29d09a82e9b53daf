"""A DCGAN that is told the class (Mirza & Osindero 2014), and one whose discriminator is not told it."""

from typing import Literal

import numpy as np
import torch
from pydantic import Field

from experiments.generate import variants
from experiments.generate.kept import draw, noise
from experiments.generate.pictures import load
from experiments.generate.runs import Grid
from experiments.generate.variants import GRID_SEED, Training, Variant, run_variant
from report import stage
from report.stage import quantity

CLASSES = 10
COLUMNS = 15  # noises that the classes share, the practical's
COLUMNS_SEED = 1
Name = Literal["conditional", "blind"]
TITLES: dict[Name, str] = {
    "conditional": "both networks are told the class",
    "blind": "the discriminator is not told the class",
}


class Settings(variants.Settings):
    variants: tuple[Name, ...] = Field(
        default=("conditional", "blind"), min_length=1, description="who is told the class"
    )


class Metrics(stage.Metrics):
    variants: list[Training] = quantity("one entry a variant")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes <variant>-generator-<seed>.safetensors and these arrays, with <variant>- before each name:

    losses-<seed>, float32 (iterations, 4): loss of discriminator and generator, D(x), D(G(z));
    frames, uint8 (drawings, 100, size, size): of the first seed, over time, from the same noise; ten
    rows, whose columns are the classes;
    samples, uint8 (seeds, 100, size, size): of each seed at the end, likewise;
    columns, uint8 (10, 15, size, size): of the first seed, a row a class, a column a noise.
    """
    digits, _ = load(settings, inputs.data)
    found = []
    for slug in settings.variants:
        shape = settings.shape(classes=CLASSES, blind=slug == "blind")
        variant = Variant(TITLES[slug], shape, settings.recipe())
        by_column = torch.arange(CLASSES).repeat(CLASSES)
        grid = Grid(noise(len(by_column), shape.noise, GRID_SEED), by_column, settings.display_every)
        trained, fields = run_variant(
            slug, variant, settings, settings.seeds, digits, grid, outputs, f"{slug}-"
        )
        drawn = [draw(one.generator, grid.noise, by_column) for one in trained]
        outputs.save(f"{slug}-samples", np.stack(drawn))
        shared = noise(COLUMNS, shape.noise, COLUMNS_SEED).repeat(CLASSES, 1)
        by_row = torch.arange(CLASSES).repeat_interleave(COLUMNS)
        columns = draw(trained[0].generator, shared, by_row)
        outputs.save(f"{slug}-columns", columns.reshape(CLASSES, COLUMNS, *columns.shape[1:]))
        found.append(Training(**fields))
    return Metrics(variants=found)
