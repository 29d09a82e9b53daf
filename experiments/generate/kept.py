"""Generators as the stages keep them, and pictures drawn with them."""

import json

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from experiments.generate.networks import Generator, Shape
from experiments.generate.pictures import levels
from report import stage
from report.errors import ColophonError

DRAWN_AT_ONCE = 500  # pictures


def keep(generator: Generator, outputs: stage.Outputs, seed: int, slug: str = "") -> None:
    """Write a generator's weights, and its shape beside them."""
    state = {name: tensor.contiguous().cpu() for name, tensor in generator.state_dict().items()}
    shape = json.dumps(vars(generator.shape))
    save_file(state, outputs.path(_name(seed, slug)), metadata={"shape": shape})


def load_generator(result: stage.Result, seed: int, slug: str = "") -> Generator:
    """A generator that a stage kept, in evaluation mode, on the CPU; `shape` tells its noise and classes.

    Args:
        result: of generate/dcgan, or of generate/cdcgan.
        slug: of generate/cdcgan which variant, `conditional` or `blind`.

    Raises ColophonError where the result has none of that seed and slug.
    """
    path = result.path(_name(seed, slug))
    with safe_open(path, "pt") as file:
        shape = Shape(**json.loads(file.metadata()["shape"]))
    generator = Generator(shape)
    generator.load_state_dict(load_file(path))
    return generator.eval()


def noise(count: int, size: int, seed: int) -> torch.Tensor:
    """Standard normal numbers (count, size) of a seed; the first rows do not depend on the count."""
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((count, size), dtype=np.float32))


def sample(generator: Generator, count: int, seed: int, labels: torch.Tensor | None = None) -> np.ndarray:
    """Pictures uint8 (count, size, size) from the noise of a seed, in evaluation mode.

    Args:
        labels: int64 (count,) for a generator with classes; None for one without.

    Raises ColophonError where the generator has classes and there are no labels, or the other way round,
    or where a label is none of its classes.
    """
    return draw(generator, noise(count, generator.shape.noise, seed), labels)


@torch.no_grad()
def draw(generator: Generator, noise: torch.Tensor, labels: torch.Tensor | None = None) -> np.ndarray:
    """Pictures uint8 (n, size, size) from noise (n, shape.noise), in evaluation mode; as `sample`."""
    if (labels is None) != (generator.shape.classes == 0):
        raise ColophonError(
            f"a generator of {generator.shape.classes} classes was given "
            f"{'no labels' if labels is None else 'labels'}",
            "Give labels to generators with classes, and to these alone.",
        )
    if labels is not None and not ((labels >= 0) & (labels < generator.shape.classes)).all():
        raise ColophonError(
            f"a label is not one of the generator's {generator.shape.classes} classes",
            "They are counted from 0.",
        )
    where = next(generator.parameters()).device
    training = generator.training
    generator.eval()
    found = [
        levels(
            generator(
                noise[start : start + DRAWN_AT_ONCE].to(where),
                None if labels is None else labels[start : start + DRAWN_AT_ONCE].to(where),
            )
        )
        for start in range(0, len(noise), DRAWN_AT_ONCE)
    ]
    generator.train(training)
    return np.concatenate(found)


def _name(seed: int, slug: str) -> str:
    return f"{slug}-generator-{seed}.safetensors" if slug else f"generator-{seed}.safetensors"
