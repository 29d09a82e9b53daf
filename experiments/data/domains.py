"""Two domains of digits: grey ones, and the same kind of digits blended with photos (MNIST-M).

A target picture is |photo - digit|, with the digit's pixels at 255 or 0 (Ganin et al. 2016):
outside the digit the photo, inside it the photo's negative.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image
from pydantic import Field, model_validator
from sklearn.datasets import load_digits, load_sample_images

from experiments.data import mnist
from experiments.data.images import resize
from experiments.data.mnist import SIDE, Digits
from report import stage
from report.errors import ColophonError

TITLES = {
    ("mnist", "bsds500/train"): ("MNIST", "MNIST-M"),
    ("mnist", "mnist-m"): ("MNIST", "the official MNIST-M"),
    ("mnist", "sample-photos"): ("MNIST", "MNIST over two photos"),
    ("digits", "sample-photos"): ("handwritten digits", "digits over photos"),
    ("digits", "bsds500/train"): ("handwritten digits", "digits over BSDS500"),
}
TRAIN = 1297  # of scikit-learn's 1797 digits; the others are for test
ENLARGED = 20  # pixels: the box in which MNIST's digits lie too
MEAN, STD = (
    0.13066062,
    0.30810776,
)  # of MNIST's training pixels in [0, 1]; of both domains in the practical


class Settings(stage.Settings):
    """What a stage of this chapter says of its data; a profile gives all of them the same."""

    source: Literal["mnist", "digits"] = Field(
        default="mnist", description="grey digits: MNIST, or scikit-learn's of 8 x 8 pixels, enlarged"
    )
    target: Literal["bsds500/train", "sample-photos", "mnist-m"] = Field(
        default="bsds500/train",
        description="the photos behind the digits: those of BSDS500, or the two that scikit-learn ships; "
        "or the official MNIST-M as it is",
    )
    train_images: int | None = Field(
        default=None, ge=64, description="of each domain, the first ones; none for all"
    )
    test_images: int | None = Field(
        default=None, ge=10, description="of each domain, the first ones; none for all"
    )
    unseen_photos: float = Field(
        default=0.2,
        ge=0,
        lt=1,
        description="share of the photos (of two, of each one's width) that lies behind no training digit: "
        "the test digits are laid on them, and once more on those of the training. The practical has none",
    )
    data_seed: int = Field(default=42, ge=0, lt=2**31, description="of photos and crops; the practical's")

    @model_validator(mode="after")
    def _can_be_had(self) -> "Settings":
        if (self.source, self.target) not in TITLES:
            raise ValueError(f"the target {self.target} does not go with the source {self.source}")
        return self


@dataclass(frozen=True)
class Domains:
    """The two domains.

    Attributes:
        source, target: training digits; the i-th of both show the same digit where `paired`.
        source_test, target_test: test digits, the target's over photos that training used too, as
            the practical has them.
        target_unseen: the same test digits over photos that training never saw; None where every
            photo was used.
        source_title, target_title: their names in the document.
        paired: whether the target was made from the source, picture by picture.
        photos, unseen_photos: how many lie behind training digits, and how many are kept from them;
            both 0 where the target was not made here.
    """

    source: Digits
    target: Digits
    source_test: Digits
    target_test: Digits
    target_unseen: Digits | None
    source_title: str
    target_title: str
    paired: bool
    photos: int = 0
    unseen_photos: int = 0


def load(settings: Settings, locate: Callable[[str], Path]) -> Domains:
    """Both domains, the same for the same settings.

    Args:
        settings: of any stage of this chapter.
        locate: gives the place of a data set on disk (`Inputs.data`).

    Raises ColophonError where data are missing or damaged, or photos too small for a crop.
    """
    train, test, threshold = _source(settings, locate)
    titles = TITLES[settings.source, settings.target]
    if settings.target == "mnist-m":
        target, target_test = mnist.read_mnist_m(locate("mnist-m"))
        target, target_test = target.first(settings.train_images), target_test.first(settings.test_images)
        return Domains(train, target, test, target_test, None, *titles, paired=False)
    # A generator for each part: how many training digits there are does not change the test digits.
    seeds = np.random.SeedSequence(settings.data_seed).spawn(4)
    photos = _photos(settings, locate)
    seen, unseen = split_photos(photos, settings.unseen_photos, np.random.default_rng(seeds[0]))
    blended = [
        Digits(blend(digits.images[..., 0] > threshold, where, np.random.default_rng(seed)), digits.labels)
        if where
        else None
        for digits, where, seed in zip((train, test, test), (seen, seen, unseen), seeds[1:], strict=True)
    ]
    assert blended[0] is not None and blended[1] is not None  # some photo is always seen
    return Domains(
        train,
        blended[0],
        test,
        blended[1],
        blended[2],
        *titles,
        paired=True,
        photos=len(seen),
        unseen_photos=len(unseen),
    )


def blend(ink: np.ndarray, photos: Sequence[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Each digit over a random crop of a random photo: |crop - 255 ink|.

    Args:
        ink: bool (n, 28, 28), where the digit is.
        photos: uint8 (height, width, 3) each, at least 28 pixels high and wide.
        rng: draws for each digit the photo and the crop's top and left.

    Returns:
        uint8 (n, 28, 28, 3).

    Raises ColophonError where there is no photo, or one too small.
    """
    if not photos:
        raise ColophonError("there are no background photos", "Put .jpg files into the folder.")
    sizes = np.array([photo.shape[:2] for photo in photos])
    if sizes.min() < SIDE:
        raise ColophonError(f"a background photo is smaller than {SIDE} pixels", "Take it away.")
    share = rng.random((len(ink), 3))  # a row a digit: the first ones do not depend on how many follow
    chosen = (share[:, 0] * len(photos)).astype(int)
    tops, lefts = ((share[:, 1:] * (sizes[chosen] - SIDE + 1)).astype(int)).T
    pictures = np.empty((len(ink), SIDE, SIDE, 3), dtype=np.uint8)
    for picture, photo, top, left in zip(pictures, chosen, tops, lefts, strict=True):
        picture[:] = photos[photo][top : top + SIDE, left : left + SIDE]
    return np.where(ink[..., None], 255 - pictures, pictures)


def split_photos(
    photos: list[np.ndarray], unseen: float, rng: np.random.Generator
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Photos to train on, and the share `unseen` of them that is kept from it; none for 0.

    Of fewer than five photos each gives its right part instead.
    """
    if unseen == 0:
        return photos, []
    if len(photos) < 5:
        cuts = [round(photo.shape[1] * (1 - unseen)) for photo in photos]
        parts = list(zip(photos, cuts, strict=True))
        return [photo[:, :cut] for photo, cut in parts], [photo[:, cut:] for photo, cut in parts]
    order = rng.permutation(len(photos))
    kept = max(1, round(len(photos) * unseen))
    return [photos[i] for i in sorted(order[kept:])], [photos[i] for i in sorted(order[:kept])]


def enlarged(seed: int, side: int = SIDE) -> tuple[Digits, Digits]:
    """scikit-learn's 1797 digits in random order, to train and to test, as uint8 (n, side, side, 1).

    Each fills the middle of its picture as MNIST's do, 20 of 28 pixels.
    """
    values, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(labels))
    grey = np.round(values.reshape(-1, 8, 8)[order] * (255 / 16)).astype(np.uint8)
    box = round(ENLARGED * side / SIDE)
    margin = (side - box) // 2
    pictures = np.zeros((len(grey), side, side, 1), dtype=np.uint8)
    for picture, digit in zip(pictures, grey, strict=True):
        picture[margin : margin + box, margin : margin + box, 0] = resize(Image.fromarray(digit), box)
    labels = np.asarray(labels)[order].astype(np.int64)
    return Digits(pictures[:TRAIN], labels[:TRAIN]), Digits(pictures[TRAIN:], labels[TRAIN:])


def _source(settings: Settings, locate: Callable[[str], Path]) -> tuple[Digits, Digits, int]:
    """Training and test digits, and the grey level above which the blend takes a pixel for ink."""
    if settings.source == "digits":
        train, test = enlarged(settings.data_seed)
        threshold = 127  # the enlarged digits have wide soft edges; above 0 they would be blots
    else:
        train, test = mnist.read(locate("mnist"))
        threshold = 0  # the practical's
    return train.first(settings.train_images), test.first(settings.test_images), threshold


def _photos(settings: Settings, locate: Callable[[str], Path]) -> list[np.ndarray]:
    """The background photos, in the order of their names."""
    if settings.target == "sample-photos":
        return list(load_sample_images().images)
    folder = locate(settings.target)
    paths = sorted(folder.glob("*.jpg"))
    if not paths:
        raise ColophonError(f"there are no background photos in {folder}", "Put its .jpg files there.")
    return [_read_photo(path) for path in paths]


def _read_photo(path: Path) -> np.ndarray:
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError) as error:
        raise ColophonError(
            f"cannot read the background photo {path}: {error}",
            "Replace the file with an undamaged copy.",
        ) from error
