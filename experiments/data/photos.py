"""Photos in colour, whole and of any shape: those that are shown, and labelled ones to count on.

A collection is an entry of pipeline.yaml's `data` section, a folder with picture files, or
`letters`: drawn letters of fonts that no training saw, and scikit-learn's digits, which are none.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from experiments.data import imagenet, letters
from experiments.data.images import resize
from report.errors import ColophonError

LETTERS = "letters"
TITLES = {LETTERS: "letters of unseen fonts", "imagenet/samples": "ImageNet sample photos"}
SHOWN = {  # the komondor is taken for a swab, a mop; the digit is of none of the classes
    LETTERS: ("letter A", "letter G", "letter Q", "letter R", "letter W", "digit 4"),
    "imagenet/samples": (
        "n01883070_wombat.jpg",
        "n02086240_Shih-Tzu.jpg",
        "n02105505_komondor.jpg",
        "n04367480_swab.jpg",
        "n02124075_Egyptian_cat.jpg",
        "n02113023_Pembroke.jpg",
    ),
}
MOST_SHOWN = 12  # a page is full
LETTERS_A_CLASS, LETTERS_SEED = 40, 2  # the very letters that transfer/pretrain validates on
DIGITS = [str(digit) for digit in range(10)]
_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


@dataclass(frozen=True)
class Photo:
    """A photo that is read when asked for.

    Attributes:
        name: its path below the collection's folder, `letter A` or `digit 4`.
        label: the index of its class among those that the networks know, where that is known.
        open: gives the picture, in any mode.
    """

    name: str
    label: int | None
    open: Callable[[], Image.Image]

    def read(self) -> Image.Image:
        """The picture in RGB. Raises ColophonError, naming it, where it is missing or damaged."""
        try:
            with self.open() as image:
                return image.convert("RGB")
        except FileNotFoundError as error:
            raise ColophonError(
                f"the photo {error.filename} is missing", "Put it there, or name another file."
            ) from error
        except (OSError, SyntaxError, ValueError) as error:
            raise ColophonError(
                f"cannot read the photo {self.name}: {error}", "Replace the file with an undamaged copy."
            ) from error

    def squeezed(self, size: int) -> np.ndarray:
        """The photo as uint8 (size, size, 3) by PIL's bilinear resize, aspect not kept."""
        return np.asarray(self.read().resize((size, size), Image.Resampling.BILINEAR))

    def grey(self, size: int) -> np.ndarray:
        """The photo as uint8 (size, size), made grey, then resized: what the practical does."""
        return resize(self.read().convert("L"), size)


def shown(
    collection: str, files: tuple[str, ...] | None, classes: list[str], locate: Callable[[str], Path]
) -> list[Photo]:
    """The photos of a collection to show one by one.

    Args:
        collection: its name.
        files: their names; for None those of `SHOWN`, or all pictures of another folder.
        classes: that the networks know; a photo of none of them has no label.
        locate: gives the place of a collection on disk (`Inputs.data`).

    Raises ColophonError for names that a collection cannot have, for none, and for too many.
    """
    names = files or SHOWN.get(collection)
    if collection == LETTERS:
        found = [_named(name, classes) for name in names or ()]
    else:
        root = locate(collection)
        found = [_photo(root, name, classes) for name in names or _pictures(root)]
    if not 1 <= len(found) <= MOST_SHOWN:
        raise ColophonError(
            f"{len(found)} photos to show from {collection}",
            f"Name 1 to {MOST_SHOWN} files of it under `photos`.",
        )
    return found


def labelled(collection: str, count: int, classes: list[str], locate: Callable[[str], Path]) -> list[Photo]:
    """`count` photos whose class is known, spread evenly over the collection; all if it has fewer.

    Raises ColophonError where the collection has none.
    """
    if collection == LETTERS:
        found = [_letter(f"letter {index}", index, classes) for index in range(len(_letters()[1]))]
    else:
        root = locate(collection)
        found = [_photo(root, name, classes) for name in _pictures(root)]
    found = [photo for photo in found if photo.label is not None]
    if not found:
        raise ColophonError(
            f"{collection} has no photo of a class that the networks know",
            "A file's class is told by the WordNet id that its name begins with, as in "
            "n01883070_wombat.jpg.",
        )
    places = np.unique(np.linspace(0, len(found) - 1, min(count, len(found))).round().astype(int))
    return [found[place] for place in places]


def _pictures(root: Path) -> list[str]:
    if not root.is_dir():
        raise ColophonError(f"{root} is no folder", "Photos are files in a folder.")
    return sorted(path.name for path in root.iterdir() if path.suffix.lower() in _SUFFIXES)


def _photo(root: Path, name: str, classes: list[str]) -> Photo:
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise ColophonError(
            f"the photo {name} does not lie below {root}", "Name files by their path below that folder."
        )
    label = imagenet.label_of(name) if classes == imagenet.CLASSES else None
    return Photo(name, label, lambda: Image.open(root / name))


@cache
def _letters() -> tuple[np.ndarray, np.ndarray]:
    """Letters as uint8 (n, 32, 32) and their labels (n,)."""
    _, held_out = letters.split_fonts(letters.latin_fonts())
    drawn = letters.draw(letters.glyphs(held_out), LETTERS_A_CLASS, LETTERS_SEED)
    return (drawn.images[:, 0] * 255).round().byte().numpy(), drawn.labels.numpy()


def _letter(name: str, index: int, classes: list[str]) -> Photo:
    drawn, labels = _letters()
    label = int(labels[index]) if classes == letters.CLASSES else None
    return Photo(name, label, lambda: Image.fromarray(drawn[index]))


def _named(name: str, classes: list[str]) -> Photo:
    """The first letter, or the first of scikit-learn's digits, that shows the sign in `name`."""
    kind, _, sign = name.partition(" ")
    if kind == "letter" and sign in letters.CLASSES:
        _, labels = _letters()
        return _letter(name, int(np.argmax(labels == letters.CLASSES.index(sign))), classes)
    if kind == "digit" and sign in DIGITS:
        values, labels = load_digits(return_X_y=True)
        digit = values[np.argmax(labels == DIGITS.index(sign))].reshape(8, 8)
        grey = np.round(digit * (255 / 16)).astype(np.uint8)
        return Photo(name, None, lambda: Image.fromarray(grey))
    raise ColophonError(
        f"letters has no photo {name!r}", "Name a capital or a digit: `letter A`, `digit 4`."
    )
