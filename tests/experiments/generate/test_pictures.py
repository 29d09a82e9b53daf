"""The digits: resized as torchvision does, split as in chapter 3, and scaled to what networks take and back."""

import gzip
import hashlib

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from torchvision.datasets import MNIST
from torchvision.transforms import Resize

from experiments.data import domains
from experiments.generate.pictures import Settings, levels, load, scaled
from report.errors import ColophonError


def nowhere(name: str):
    raise AssertionError(f"{name} was asked for")


@pytest.fixture
def mnist(tmp_path, monkeypatch):
    """A data folder with an MNIST of 20 training and 10 test pictures of noise; and its training pictures."""
    folder = tmp_path / "mnist" / "MNIST" / "raw"
    folder.mkdir(parents=True)
    rng, pictures, sums = np.random.default_rng(0), [], []
    for (name, _), count in zip(MNIST.resources, (20, 20, 10, 10), strict=True):
        if "images" in name:
            pictures.append(rng.integers(0, 256, (count, 28, 28), dtype=np.uint8))
            content = bytes(16) + pictures[-1].tobytes()
        else:
            content = bytes(8) + (np.arange(count, dtype=np.uint8) % 10).tobytes()
        packed = gzip.compress(content)
        (folder / name).write_bytes(packed)
        sums.append((name, hashlib.md5(packed).hexdigest()))
    monkeypatch.setattr(MNIST, "resources", sums)
    return (lambda name: tmp_path / name), pictures[0]


@pytest.mark.parametrize("size", [32, 64])
def test_mnist_is_resized_as_torchvision_resizes_its_pictures(mnist, size) -> None:
    locate, originals = mnist
    train, test = load(Settings(), locate, size)
    assert train.images.shape == (20, size, size, 1) and test.images.shape == (10, size, size, 1)
    for picture, original in zip(train.images, originals, strict=True):
        assert np.array_equal(picture[..., 0], np.asarray(Resize(size)(Image.fromarray(original))))
    assert train.labels.tolist() == list(range(10)) * 2


def test_the_first_pictures_are_taken_where_there_are_to_be_fewer(mnist) -> None:
    whole, few = load(Settings(), mnist[0]), load(Settings(train_images=12, test_images=10), mnist[0])
    assert [len(part) for part in few] == [12, 10]
    assert np.array_equal(few[0].images, whole[0].images[:12])


def test_missing_files_of_mnist_are_told(tmp_path) -> None:
    with pytest.raises(ColophonError, match="is missing"):
        load(Settings(), lambda name: tmp_path)


def test_the_small_digits_are_chapter_3s_in_the_same_split() -> None:
    train, test = load(Settings(source="digits"), nowhere, 28)
    settings = {"source": "digits", "target": "sample-photos"}
    theirs = domains.load(domains.Settings.model_validate(settings), nowhere)
    for own, other in ((train, theirs.source), (test, theirs.source_test)):
        assert np.array_equal(own.images, other.images) and np.array_equal(own.labels, other.labels)


@pytest.mark.parametrize("size", [32, 64])
def test_the_small_digits_fill_as_much_of_a_picture_as_mnists_do(size) -> None:
    train, test = load(Settings(source="digits"), nowhere, size)
    assert len(train) + len(test) == 1797
    inked = np.flatnonzero(train.images.max(axis=(0, 2, 3)))
    assert len(inked) == pytest.approx(size * 20 / 28, abs=1)
    assert inked[0] == pytest.approx(size - 1 - inked[-1], abs=1)


@given(arrays(np.uint8, (2, 4, 4, 1), elements=st.integers(0, 255)))
def test_scaling_to_what_the_networks_take_and_back_changes_nothing(images) -> None:
    pictures = scaled(images)
    assert pictures.shape == (2, 1, 4, 4) and pictures.dtype == torch.float32
    assert pictures.min() >= -1 and pictures.max() <= 1
    assert np.array_equal(levels(pictures), images[..., 0])


def test_black_is_minus_one_and_white_is_one() -> None:
    assert scaled(np.array([0, 255], np.uint8).reshape(1, 1, 2, 1)).flatten().tolist() == [-1, 1]
    assert levels(torch.tensor([-1.2, 0.0, 1.5]).view(1, 1, 1, 3)).tolist() == [[[0, 128, 255]]]
