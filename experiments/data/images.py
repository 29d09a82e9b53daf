"""Sets of labelled images that are read one by one: from a folder a class, or from an array."""

import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from report.errors import ColophonError


@dataclass(frozen=True)
class ImageSet:
    """Labelled grey images, read when asked for.

    Attributes:
        names: of each image, unique: its path below the data set's folder, or its index.
        labels: int64 (n,), the index in `classes`.
        classes: the names of the classes.
        content: gives the stored bytes of the i-th image, by which equal images are found.
        read: gives the i-th image at (size, size) as uint8, by direct bilinear resize.
    """

    names: list[str]
    labels: np.ndarray
    classes: list[str]
    content: Callable[[int], bytes]
    read: Callable[[int, int], np.ndarray]

    def __len__(self) -> int:
        return len(self.names)


def from_folder(root: Path, split: str) -> ImageSet:
    """The images `root/split/<class>/*.jpg`, ordered by class, then name.

    Raises ColophonError where the folder is missing or holds no image.
    """
    folder = root / split
    classes = sorted(p.name for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []
    paths = [path for name in classes for path in sorted((folder / name).glob("*.jpg"))]
    if not paths:
        raise ColophonError(
            f"no images in {folder}", "It must hold one folder a class with .jpg files in it."
        )
    return ImageSet(
        names=[str(path.relative_to(root)) for path in paths],
        labels=np.array([classes.index(path.parent.name) for path in paths], dtype=np.int64),
        classes=classes,
        content=lambda index: paths[index].read_bytes(),
        read=lambda index, size: read_grey(paths[index], size),
    )


def from_array(images: np.ndarray, labels: np.ndarray, classes: list[str]) -> ImageSet:
    """Images of a uint8 array (n, height, width), named by their index in it."""
    return ImageSet(
        names=[str(index) for index in range(len(images))],
        labels=labels.astype(np.int64),
        classes=classes,
        content=lambda index: images[index].tobytes(),
        read=lambda index, size: resize(Image.fromarray(images[index]), size),
    )


def subset(images: ImageSet, indices: np.ndarray) -> ImageSet:
    """The images at `indices`, in that order."""
    return ImageSet(
        names=[images.names[i] for i in indices],
        labels=images.labels[indices],
        classes=images.classes,
        content=lambda index: images.content(int(indices[index])),
        read=lambda index, size: images.read(int(indices[index]), size),
    )


def read_grey(path: Path, size: int) -> np.ndarray:
    """A picture file as grey uint8 (size, size), aspect not kept.

    Raises ColophonError, naming the file, where it is missing, truncated or no picture.
    """
    try:
        with Image.open(path) as image:
            return resize(image.convert("L"), size)
    except (OSError, SyntaxError, ValueError) as error:
        raise ColophonError(
            f"cannot read the image {path}: {error}", "Replace the file with an undamaged copy."
        ) from error


def resize(image: Image.Image, size: int) -> np.ndarray:
    """A grey picture as uint8 (size, size), by PIL's bilinear resize, aspect not kept."""
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR))


@dataclass(frozen=True)
class Duplicates:
    """Images whose stored bytes are equal.

    Attributes:
        groups: number of distinct contents that occur more than once, train and test together.
        contents: int64, of each image, the training images first, the index among all of them of the
            first with the same content.
        test: bool (n,), whether the test image also occurs in the training set.
        conflicting: how many of those have a label that no equal training image has.
    """

    groups: int
    contents: np.ndarray
    test: np.ndarray
    conflicting: int


def find_duplicates(train: ImageSet, test: ImageSet) -> Duplicates:
    """Find byte-identical images by the sha256 of their content."""
    places = defaultdict(list)
    for images, split in ((train, "train"), (test, "test")):
        for index in range(len(images)):
            places[hashlib.sha256(images.content(index)).digest()].append((split, index))
    mask = np.zeros(len(test), dtype=bool)
    contents = np.empty(len(train) + len(test), dtype=np.int64)
    conflicting = 0
    for group in places.values():
        members = [index + len(train) * (split == "test") for split, index in group]
        contents[members] = members[0]
        train_labels = {int(train.labels[index]) for split, index in group if split == "train"}
        for split, index in group:
            if split == "test" and train_labels:
                mask[index] = True
                conflicting += int(test.labels[index]) not in train_labels
    groups = sum(len(group) > 1 for group in places.values())
    return Duplicates(groups, contents, mask, conflicting)
