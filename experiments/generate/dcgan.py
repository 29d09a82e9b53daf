"""DCGAN (Radford et al. 2015) as the practical trains it, and variants of that, one a run of this stage."""

from typing import Any, Literal

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

SHOWN = 64  # pictures of a grid, the practical's 8 x 8
VariantName = Literal[
    "default",
    "long",
    "noise-small",
    "noise-large",
    "torch-init",
    "saturating",
    "generator-narrow",
    "generator-wide",
    "discriminator-narrow",
    "discriminator-wide",
    "rates-equal",
    "rates-low",
    "beta-low",
    "beta-high",
    "beta-higher",
    "size-64",
]


class Settings(variants.Settings):
    variant: VariantName = Field(default="default", description="what is changed")
    long_epochs: int = Field(default=30, ge=1, le=1000, description="of the variant long; published")
    small_noise: int = Field(default=10, ge=1, le=10_000, description="of the variant; the practical's")
    large_noise: int = Field(default=1000, ge=1, le=10_000, description="of the variant; the practical's")
    narrow: int = Field(default=8, ge=1, le=1024, description="width of the narrow variants: a quarter")
    wide: int = Field(default=128, ge=1, le=1024, description="width of the wide variants: four times")
    more_seeds: tuple[int, ...] = Field(
        default=(4, 5), description="of the default besides: all others are compared with it"
    )


class Metrics(Training):
    refused: str | None = quantity(
        "what torch's Adam says to beta1 = 1; none where that was not tried, or was taken"
    )


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes generator-<seed>.safetensors and these arrays:

    losses-<seed>, float32 (iterations, 4): loss of discriminator and generator, D(x), D(G(z));
    frames, uint8 (drawings, 64, size, size): of the first seed, over time, from the same noise;
    samples, uint8 (seeds, 64, size, size): of each seed at the end, from that noise.
    """
    variant = describe(settings)
    is_default = settings.variant == "default"
    seeds = (*settings.seeds, *settings.more_seeds) if is_default else settings.seeds
    digits, _ = load(settings, inputs.data, variant.shape.size)
    grid = Grid(noise(SHOWN, variant.shape.noise, GRID_SEED), None, settings.display_every)
    trained, fields = run_variant(settings.variant, variant, settings, seeds, digits, grid, outputs)
    outputs.save("samples", np.stack([draw(one.generator, grid.noise) for one in trained]))
    return Metrics(**fields, refused=refusal() if is_default else None)


def describe(settings: Settings) -> Variant:
    """The variant that the settings name, everything else as they say."""
    epochs, small, large = settings.long_epochs, settings.small_noise, settings.large_noise
    rate = settings.learning_rate_d
    titles: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
        "default": ("default", {}, {}),
        "long": (f"{epochs} epochs", {}, {"epochs": epochs}),
        "noise-small": (f"noise of {small}", {"noise": small}, {}),
        "noise-large": (f"noise of {large:,}", {"noise": large}, {}),
        "torch-init": ("PyTorch's initial weights", {}, {}),
        "saturating": ("saturating loss", {}, {"loss": "saturating"}),
        "generator-narrow": ("narrow generator", {"generator": settings.narrow}, {}),
        "generator-wide": ("wide generator", {"generator": settings.wide}, {}),
        "discriminator-narrow": ("narrow discriminator", {"discriminator": settings.narrow}, {}),
        "discriminator-wide": ("wide discriminator", {"discriminator": settings.wide}, {}),
        "rates-equal": ("equal learning rates", {}, {"learning_rate_g": rate}),
        "rates-low": (
            "learning rates of 0.00002",
            {},
            {"learning_rate_d": 2e-5, "learning_rate_g": 2e-5},
        ),
        "beta-low": ("β₁ = 0.1", {}, {"beta1": 0.1}),
        "beta-high": ("β₁ = 0.9", {}, {"beta1": 0.9}),
        "beta-higher": ("β₁ = 0.99", {}, {"beta1": 0.99}),
        "size-64": ("64 × 64 pixels", {"size": 64}, {}),
    }
    title, shape, recipe = titles[settings.variant]
    initialisation = "torch" if settings.variant == "torch-init" else "dcgan"
    return Variant(title, settings.shape(**shape), settings.recipe(**recipe), initialisation)


def refusal() -> str | None:
    """What torch's Adam says to beta1 = 1, which a published report names; None if it takes it."""
    try:
        torch.optim.Adam([torch.zeros(1, requires_grad=True)], betas=(1.0, 0.999))
    except ValueError as error:
        return str(error)
    return None
