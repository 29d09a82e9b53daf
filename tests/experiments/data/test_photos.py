from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.data import imagenet, letters, photos
from report.errors import ColophonError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, mode, size in (
        ("n01883070_wombat.jpg", "RGB", (30, 20)),
        ("mine.png", "RGBA", (8, 9)),
        ("n01440764_grey.jpeg", "L", (20, 20)),
    ):
        Image.new(mode, size, 128 if mode == "L" else (200, 100, 50, 255)[: len(mode)]).save(
            tmp_path / name
        )
    (tmp_path / "notes.txt").write_text("no photo")
    return tmp_path


def nothing(name: str) -> Path:
    raise AssertionError(f"letters need no data, but {name} was asked for")


def test_a_folder_shows_all_its_pictures_and_knows_the_classes_in_their_names(folder: Path) -> None:
    found = photos.shown("photos", None, imagenet.CLASSES, lambda name: folder)
    assert [(photo.name, photo.label) for photo in found] == [
        ("mine.png", None),
        ("n01440764_grey.jpeg", 0),
        ("n01883070_wombat.jpg", imagenet.CLASSES.index("wombat")),
    ]
    for photo in found:
        assert photo.read().mode == "RGB"
        assert photo.squeezed(16).shape == (16, 16, 3) and photo.grey(16).shape == (16, 16)
    np.testing.assert_array_equal(found[0].squeezed(4)[0, 0], [200, 100, 50])


def test_to_networks_of_letters_a_photo_has_no_class(folder: Path) -> None:
    (found,) = photos.shown("photos", ("n01883070_wombat.jpg",), letters.CLASSES, lambda name: folder)
    assert found.label is None
    with pytest.raises(ColophonError, match="no photo of a class"):
        photos.labelled("photos", 10, letters.CLASSES, lambda name: folder)


def test_labelled_photos_are_those_of_known_classes_spread_over_the_folder(folder: Path) -> None:
    found = photos.labelled("photos", 10, imagenet.CLASSES, lambda name: folder)
    assert [photo.label for photo in found] == [0, imagenet.CLASSES.index("wombat")]
    drawn = photos.labelled("letters", 5, letters.CLASSES, nothing)
    places = [int(photo.name.removeprefix("letter ")) for photo in drawn]
    assert places == [0, 260, 520, 779, 1039]


def test_letters_are_those_that_pretraining_validates_on() -> None:
    _, held_out = letters.split_fonts(letters.latin_fonts())
    oracle = letters.draw(letters.glyphs(held_out), 40, 2)
    found = photos.labelled("letters", 2000, letters.CLASSES, nothing)
    assert [photo.label for photo in found] == oracle.labels.tolist()
    values = oracle.images[7, 0].numpy()
    np.testing.assert_allclose(found[7].grey(32) / 255, values, atol=0.5 / 255 + 1e-6)


def test_a_named_letter_shows_its_class_and_a_digit_has_none() -> None:
    letter, digit = photos.shown("letters", ("letter Q", "digit 4"), letters.CLASSES, nothing)
    assert (letter.label, digit.label) == (16, None)
    assert letter.read().size == (32, 32) and digit.read().size == (8, 8)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("nowhere.jpg",), "nowhere.jpg is missing"),
        (("notes.txt",), "cannot read the photo notes.txt"),
        (("../secret.jpg",), "does not lie below"),
        (("/secret.jpg",), "does not lie below"),
        (("mine.png",) * 13, "13 photos to show"),
    ],
)
def test_missing_damaged_and_misplaced_files_are_named(folder, names, message) -> None:
    with pytest.raises(ColophonError, match=message):
        for photo in photos.shown("photos", names, imagenet.CLASSES, lambda name: folder):
            photo.read()


def test_a_truncated_photo_is_named(folder: Path) -> None:
    path = folder / "n01883070_wombat.jpg"
    path.write_bytes(path.read_bytes()[:-100])
    (photo,) = photos.shown("photos", (path.name,), imagenet.CLASSES, lambda name: folder)
    with pytest.raises(ColophonError, match=r"cannot read the photo n01883070_wombat\.jpg"):
        photo.squeezed(8)


def test_an_empty_folder_and_an_unknown_letter_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ColophonError, match="0 photos to show"):
        photos.shown("photos", None, imagenet.CLASSES, lambda name: tmp_path)
    with pytest.raises(ColophonError, match="no photo 'letter ß'"):
        photos.shown("letters", ("letter ß",), letters.CLASSES, nothing)
