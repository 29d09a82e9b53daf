"""MNIST from its four official files (LeCun et al. 1998), and the official MNIST-M (Ganin et al. 2016)."""

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from torchvision.datasets import MNIST

from report.errors import ColophonError

SIDE = 28  # pixels


@dataclass(frozen=True)
class Digits:
    """Pictures of digits with their labels.

    Attributes:
        images: uint8 (n, 28, 28, channels), one channel for grey levels, three for colours; of
            another side where it is said.
        labels: int64 (n,), 0 to 9.
    """

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, count: int | None) -> "Digits":
        """The first `count` of them; all for None or where there are fewer."""
        return Digits(self.images[:count], self.labels[:count])


def read(root: Path) -> tuple[Digits, Digits]:
    """The 60,000 training and 10,000 test digits below torchvision's folder `root`.

    Raises ColophonError where a file is missing, cut short or has another checksum than torchvision's.
    """
    files = [gzip.decompress(_checked(root, name, md5)) for name, md5 in MNIST.resources]
    images, labels = files[0::2], files[1::2]
    train, test = (_parsed(*pair) for pair in zip(images, labels, strict=True))
    return train, test


def _checked(root: Path, name: str, md5: str) -> bytes:
    path = root / MNIST.__name__ / "raw" / name
    if not path.is_file():
        raise ColophonError(f"the MNIST file {path} is missing", "Put the four .gz files there.")
    content = path.read_bytes()
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != md5:
        raise ColophonError(
            f"the MNIST file {path} is cut short or has a wrong checksum: "
            f"{len(content):,} bytes with md5 {found}, not {md5}",
            "Fetch it again.",
        )
    return content


def _parsed(images: bytes, labels: bytes) -> Digits:
    """The content of an idx3 and an idx1 file, whose headers have 16 and 8 bytes."""
    pixels = np.frombuffer(images, dtype=np.uint8, offset=16).reshape(-1, SIDE, SIDE, 1)
    return Digits(pixels.copy(), np.frombuffer(labels, dtype=np.uint8, offset=8).astype(np.int64))


def read_mnist_m(root: Path) -> tuple[Digits, Digits]:
    """The official MNIST-M, 59,001 training and 9,001 test pictures, as its authors packed it.

    Args:
        root: holds the folders mnist_m_train and mnist_m_test of PNG files, and for each a file
            mnist_m_train_labels.txt with a line `<file> <digit>` a picture.

    Raises ColophonError where a file is missing, damaged, or a line is not of that form.
    """
    train, test = (_folder(root, part) for part in ("train", "test"))
    return train, test


def _folder(root: Path, part: str) -> Digits:
    listing = root / f"mnist_m_{part}_labels.txt"
    if not listing.is_file():
        raise ColophonError(f"MNIST-M's list of labels {listing} is missing", "Unpack the data set there.")
    lines = [line.split() for line in listing.read_text().splitlines() if line.strip()]
    for line in lines:
        if len(line) != 2 or line[1] not in "0123456789":
            raise ColophonError(
                f"{listing} has the line {' '.join(line)!r}", "Each must be a file and its digit."
            )
    if not lines:
        raise ColophonError(f"MNIST-M's list of labels {listing} is empty", "Unpack the data set again.")
    images = np.stack([_picture(root / f"mnist_m_{part}" / name) for name, _ in lines])
    return Digits(images, np.array([int(digit) for _, digit in lines], dtype=np.int64))


def _picture(path: Path) -> np.ndarray:
    try:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError) as error:
        raise ColophonError(
            f"cannot read the MNIST-M picture {path}: {error}", "Unpack the data set again."
        ) from error
    # Pictures of 32 pixels, as some copies have them, are padded: the digit lies in the middle.
    margins = [(length - SIDE) // 2 for length in pixels.shape[:2]]
    if min(margins) < 0:
        raise ColophonError(f"the MNIST-M picture {path} is smaller than {SIDE} pixels")
    return pixels[margins[0] : margins[0] + SIDE, margins[1] : margins[1] + SIDE]
