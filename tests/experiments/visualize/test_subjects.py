from pathlib import Path

import numpy as np
import pytest

from experiments.data import imagenet, letters
from experiments.nn import backbones
from experiments.visualize import subjects
from report.errors import ColophonError

SQUEEZENET = backbones.find("torchvision/squeezenet1_1")
SMALL = backbones.find("small/squeezenet")


@pytest.fixture
def photos(tmp_path: Path):
    """Writes a file in the form of the practical's; gives what locates it."""
    rng = np.random.default_rng(0)

    def make(**arrays: np.ndarray):
        given = {
            "X": rng.integers(0, 256, (3, 224, 224, 3), dtype=np.uint8),
            "y": np.array([958, 85, 244]),
            "label_map": np.array({85: "quail"}, dtype=object),
        }
        path = tmp_path / "imagenet_val_25.npz"
        np.savez(path, **(given | arrays))  # type: ignore[arg-type]
        return lambda name: path

    return make


def test_photos_come_as_they_lie_in_the_file_without_its_pickle(photos) -> None:
    locate = photos()
    found = subjects.load("imagenet/val25", SQUEEZENET, 2, locate)
    with np.load(locate("")) as file:
        np.testing.assert_array_equal(found.images, file["X"][:2])
    assert found.names() == ["hay", "quail"]
    assert found.classes == imagenet.CLASSES


def test_photos_of_another_size_are_squeezed_to_the_networks_input(photos) -> None:
    locate = photos(X=np.full((3, 100, 80, 3), 7, dtype=np.uint8))
    found = subjects.load("imagenet/val25", SQUEEZENET, 3, locate)
    assert found.images.shape == (3, 224, 224, 3) and np.all(found.images == 7)


def test_letters_are_spread_over_the_alphabet_and_grey_in_three_channels(nothing) -> None:
    found = subjects.load("letters", SMALL, 25, nothing)
    assert found.images.shape == (25, 32, 32, 3) and len(set(found.labels.tolist())) > 10
    np.testing.assert_array_equal(found.images[..., 0], found.images[..., 2])
    assert found.classes == letters.CLASSES


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"X": np.zeros((3, 224, 224), dtype=np.uint8)}, "not RGB pictures"),
        ({"X": np.zeros((3, 224, 224, 4), dtype=np.uint8)}, "not RGB pictures"),
        ({"X": np.zeros((3, 224, 224, 3))}, "float64.*not RGB pictures"),
        ({"y": np.array([1, 2, 1000])}, "one of ImageNet's classes"),
        ({"y": np.array([1, 2])}, "each of the 3 pictures"),
    ],
)
def test_what_is_no_set_of_labelled_rgb_pictures_is_refused(photos, arrays, message) -> None:
    with pytest.raises(ColophonError, match=message):
        subjects.load("imagenet/val25", SQUEEZENET, 3, photos(**arrays))


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.npz"
    path.write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(ColophonError, match=r"broken\.npz"):
        subjects.load("imagenet/val25", SQUEEZENET, 3, lambda name: path)


def test_collections_that_the_network_does_not_know_are_refused(photos, nothing) -> None:
    with pytest.raises(ColophonError, match="does not know the classes"):
        subjects.load("letters", SQUEEZENET, 3, nothing)
    with pytest.raises(ColophonError, match="does not know the classes"):
        subjects.load("imagenet/val25", SMALL, 3, photos())
    with pytest.raises(ColophonError, match="no pictures called 'cats'"):
        subjects.load("cats", SQUEEZENET, 3, nothing)
    with pytest.raises(ColophonError, match="has 3 pictures, not 4"):
        subjects.load("imagenet/val25", SQUEEZENET, 4, photos())


def test_a_class_that_does_not_exist_is_refused_with_the_nearest() -> None:
    assert subjects.class_index("stingray", imagenet.CLASSES) == 6
    with pytest.raises(ColophonError, match=r"no class 'stingrey'[\s\S]*stingray"):
        subjects.class_index("stingrey", imagenet.CLASSES)
    with pytest.raises(ColophonError, match="no class '4'"):
        subjects.class_index("4", letters.CLASSES)
