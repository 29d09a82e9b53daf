"""The labelled data sets that features are extracted from, by name."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from experiments.data.images import ImageSet, from_array, from_folder, resize, subset
from report.errors import ColophonError

DatasetName = Literal["15-scene", "digits"]
TITLES: dict[str, str] = {"15-scene": "15-Scene", "digits": "handwritten digits"}
CANVAS, DIGIT = 32, 24  # pixels: the picture, and the digit that is placed in it


@dataclass(frozen=True)
class Split:
    """The training and the test part of a data set, with the same classes."""

    train: ImageSet
    test: ImageSet


def load(name: DatasetName, locate: Callable[[str], Path], train_per_class: int, seed: int) -> Split:
    """The data set `name`.

    Args:
        name: `15-scene` in the course's split, read from `locate("15-scene")`; or `digits`,
            scikit-learn's 1797 handwritten digits of 8 x 8 pixels, placed by `place`.
        locate: gives the place of a data set on disk (`Inputs.data`).
        train_per_class: for `digits`, how many of each class to train on; the rest is for test.
        seed: for `digits`, of the choice of the training images and of where digits are placed.
    """
    if name == "15-scene":
        root = locate(name)
        split = Split(from_folder(root, "train"), from_folder(root, "test"))
        if split.train.classes != split.test.classes:
            odd = sorted(set(split.train.classes) ^ set(split.test.classes))
            raise ColophonError(
                f"{root}: train and test differ in the classes {', '.join(odd)}",
                "Unpack the data set again.",
            )
        return split
    return _digits(train_per_class, seed)


def _digits(train_per_class: int, seed: int) -> Split:
    values, labels = load_digits(return_X_y=True)
    grey = np.round(values.reshape(-1, 8, 8) * (255 / 16)).astype(np.uint8)
    placed = place(grey, np.random.default_rng(seed))
    images = from_array(placed, np.asarray(labels), [str(digit) for digit in range(10)])
    train, test = stratified_choice(images.labels, train_per_class, seed)
    return Split(subset(images, train), subset(images, test))


def place(digits: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each digit (n, 8, 8) enlarged to DIGIT pixels, somewhere on a black picture: (n, CANVAS, CANVAS).

    scikit-learn's digits are all centred and of one size: a classifier of pixels needs no more.
    """
    pictures = np.zeros((len(digits), CANVAS, CANVAS), dtype=np.uint8)
    corners = rng.integers(0, CANVAS - DIGIT + 1, size=(len(digits), 2))
    for picture, digit, (top, left) in zip(pictures, digits, corners, strict=True):
        picture[top : top + DIGIT, left : left + DIGIT] = resize(Image.fromarray(digit), DIGIT)
    return pictures


def stratified_choice(labels: np.ndarray, per_class: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Choose `per_class` indices of each class at random; returns them and the rest, both sorted.

    Raises ColophonError where a class would have nothing left.
    """
    rng = np.random.default_rng(seed)
    chosen = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if per_class >= len(members):
            raise ColophonError(
                f"class {label} has {len(members)} images: {per_class} a class for training "
                "leave none for test",
                f"Set train_per_class to at most {len(members) - 1}.",
            )
        chosen.append(rng.permutation(members)[:per_class])
    train = np.sort(np.concatenate(chosen))
    return train, np.setdiff1d(np.arange(len(labels)), train)
