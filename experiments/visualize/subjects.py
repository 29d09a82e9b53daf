"""The labelled pictures that chapter 2 looks at: 25 photos of ImageNet, or 25 drawn letters.

Practical 3-b gives the photos as one file, `imagenet_val_25.npz`; its third array, the names of the
classes, is a pickle and is not read.
"""

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
from PIL import Image

from experiments.data import imagenet, letters, photos
from experiments.nn.backbones import Backbone
from report.errors import ColophonError

VALIDATION_25 = "imagenet/val25"
LETTERS = photos.LETTERS
TITLES = {VALIDATION_25: "ImageNet validation photos", LETTERS: photos.TITLES[LETTERS]}


@dataclass(frozen=True)
class Subjects:
    """Labelled pictures of one size.

    Attributes:
        images: uint8 (n, size, size, 3), RGB.
        labels: int64 (n,), the index in `classes`.
        classes: the names of the classes that the networks know.
        title: what the pictures are called in the document.
    """

    images: np.ndarray
    labels: np.ndarray
    classes: list[str]
    title: str

    def __len__(self) -> int:
        return len(self.images)

    def names(self) -> list[str]:
        """The class of each picture, in words."""
        return [self.classes[label] for label in self.labels]


def load(collection: str, backbone: Backbone, count: int, locate: Callable[[str], Path]) -> Subjects:
    """The first `count` pictures of a collection as the backbone takes them, before normalisation.

    Args:
        collection: `imagenet/val25`, or `letters`: of fonts that no training saw, spread over the
            alphabet.
        locate: gives the place of a data set on disk (`Inputs.data`).

    Raises ColophonError for a collection that is not known or not of the classes that the backbone
    knows, for fewer pictures than `count`, and for a file that is damaged or holds no RGB pictures.
    """
    if collection not in TITLES:
        raise ColophonError(f"no pictures called {collection!r}", f"Known: {', '.join(TITLES)}")
    if backbone.is_small != (collection == LETTERS):
        raise ColophonError(
            f"{backbone.name} does not know the classes of {collection}",
            "Small networks know letters, the others ImageNet's classes.",
        )
    if collection == LETTERS:
        drawn = photos.labelled(LETTERS, count, letters.CLASSES, locate)
        images = np.stack([photo.squeezed(backbone.size) for photo in drawn])
        labels = np.array([photo.label for photo in drawn], dtype=np.int64)
    else:
        images, labels = read_npz(locate(collection))
        images = np.stack([squeeze(image, backbone.size) for image in images])
    if len(images) < count:
        raise ColophonError(
            f"{collection} has {len(images)} pictures, not {count}", f"Ask for {len(images)} at most."
        )
    classes = letters.CLASSES if collection == LETTERS else imagenet.CLASSES
    return Subjects(images[:count], labels[:count], classes, TITLES[collection])


def read_npz(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The arrays X, uint8 (n, h, w, 3), and y, int64 (n,), of an .npz file.

    Raises ColophonError, naming the file, where it is damaged or its pictures are not RGB.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            images, labels = file["X"], file["y"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ColophonError(
            f"cannot read X and y from {path}: {error}", "Replace the file with an undamaged copy."
        ) from error
    if images.ndim != 4 or images.shape[-1] != 3 or images.dtype != np.uint8:
        raise ColophonError(
            f"{path}: X is {images.dtype} {images.shape}, not RGB pictures, uint8 (n, height, width, 3)",
            "Convert grey or transparent pictures to RGB.",
        )
    known = range(len(imagenet.CLASSES))
    if labels.shape != images.shape[:1] or not all(int(label) in known for label in labels):
        raise ColophonError(
            f"{path}: y does not give each of the {len(images)} pictures one of ImageNet's classes",
            "Each label is a whole number from 0 to 999.",
        )
    return images, labels.astype(np.int64)


def squeeze(image: np.ndarray, size: int) -> np.ndarray:
    """A picture at (size, size) by PIL's bilinear resize; untouched where it has that size."""
    if image.shape[:2] == (size, size):
        return image
    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR))


def class_index(name: str, classes: list[str]) -> int:
    """The index of the class `name`. Raises ColophonError, naming the nearest, where there is none."""
    if name in classes:
        return classes.index(name)
    near = get_close_matches(name, classes, n=3, cutoff=0.5)
    raise ColophonError(
        f"the networks know no class {name!r}",
        f"Did you mean {' or '.join(near)}?" if near else f"Among the {len(classes)}: {classes[0]}.",
    )
