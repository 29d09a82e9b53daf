"""The digits that the generators learn to draw, as grey levels and as the networks take them."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from pydantic import Field
from torch.nn import functional

from experiments.data import domains, mnist
from experiments.data.mnist import Digits
from report import stage

TITLES = {"mnist": "MNIST", "digits": "handwritten digits"}
SPLIT_SEED = 42  # of scikit-learn's digits; that of chapter 3's profiles, whose split this is


class Settings(stage.Settings):
    """What a stage of this chapter says of its data; a profile gives all of them the same."""

    source: Literal["mnist", "digits"] = Field(
        default="mnist", description="MNIST, or scikit-learn's digits of 8 x 8 pixels, enlarged"
    )
    train_images: int | None = Field(default=None, ge=8, description="the first ones; none for all")
    test_images: int | None = Field(default=None, ge=10, description="the first ones; none for all")


def load(settings: Settings, locate: Callable[[str], Path], size: int = 32) -> tuple[Digits, Digits]:
    """Training and test digits, uint8 (n, size, size, 1).

    MNIST is resized from 28 pixels as torchvision's Resize does it, bilinear and antialiased.

    Args:
        locate: gives the place of a data set on disk (`Inputs.data`).

    Raises ColophonError where data are missing or damaged.
    """
    if settings.source == "digits":
        train, test = domains.enlarged(SPLIT_SEED, size)
        return train.first(settings.train_images), test.first(settings.test_images)
    train, test = mnist.read(locate("mnist"))
    train, test = train.first(settings.train_images), test.first(settings.test_images)
    return _resized(train, size), _resized(test, size)


def _resized(digits: Digits, size: int) -> Digits:
    images = torch.from_numpy(digits.images).permute(0, 3, 1, 2)
    found = functional.interpolate(images, size=(size, size), mode="bilinear", antialias=True)
    return Digits(found.permute(0, 2, 3, 1).contiguous().numpy(), digits.labels)


def scaled(images: np.ndarray) -> torch.Tensor:
    """Grey levels uint8 (n, size, size, 1) for the networks: float32 (n, 1, size, size), -1 to 1."""
    return normalized(torch.from_numpy(np.ascontiguousarray(images)))


def normalized(images: torch.Tensor) -> torch.Tensor:
    """The same of a tensor, on its device; axes before the last three are kept."""
    return images.movedim(-1, -3).float().div_(127.5).sub_(1)


def levels(pictures: torch.Tensor) -> np.ndarray:
    """What generators draw, (n, 1, size, size) from -1 to 1, as the nearest grey levels: (n, size, size).

    What is not a number, after a training that diverged, is black.
    """
    grey = pictures.detach().float().squeeze(1).nan_to_num(-1).add(1).mul(127.5).round().clamp(0, 255)
    return grey.to(torch.uint8).cpu().numpy()
