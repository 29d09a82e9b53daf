"""MNIST's files, and the official MNIST-M's layout."""

import gzip
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torchvision.datasets import MNIST

from experiments.data import mnist
from report.errors import ColophonError

DATA = Path(os.environ.get("DATA_DIR", "data"))


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A folder as torchvision's, with 3 training and 2 test digits, and their checksums in its list."""
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    resources = []
    for part, count in (("train", 3), ("t10k", 2)):
        pixels = (np.arange(count * 784) % 251).astype(np.uint8).tobytes()
        for kind, body in (
            ("images-idx3", b"\0" * 16 + pixels),
            ("labels-idx1", b"\0" * 8 + bytes(range(count))),
        ):
            name, packed = f"{part}-{kind}-ubyte.gz", gzip.compress(body, mtime=0)
            (raw / name).write_bytes(packed)
            resources.append((name, hashlib.md5(packed).hexdigest()))
    monkeypatch.setattr(MNIST, "resources", resources)
    return tmp_path


def test_images_and_labels_are_read_in_their_order(small) -> None:
    train, test = mnist.read(small)
    assert train.images.shape == (3, 28, 28, 1) and test.images.shape == (2, 28, 28, 1)
    assert train.labels.tolist() == [0, 1, 2] and test.labels.tolist() == [0, 1]
    assert train.images.ravel().tolist() == [i % 251 for i in range(3 * 784)]


def test_a_file_cut_short_is_told_with_its_name_and_size(small) -> None:
    path = small / "MNIST" / "raw" / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ColophonError, match=r"train-images.* is cut short or has a wrong checksum"):
        mnist.read(small)
    path.unlink()
    with pytest.raises(ColophonError, match=r"train-images.* is missing"):
        mnist.read(small)


@pytest.mark.data
@pytest.mark.skipif(not (DATA / "mnist").exists(), reason="no MNIST in DATA_DIR")
def test_real_mnist_is_what_torchvision_reads_and_has_the_practicals_mean(tmp_path) -> None:
    train, test = mnist.read(DATA / "mnist")
    assert (len(train), len(test)) == (60_000, 10_000)
    assert np.bincount(test.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert train.images.mean() / 255 == pytest.approx(0.13066, abs=1e-5)
    assert train.images.std() / 255 == pytest.approx(0.30811, abs=1e-5)


def official(root: Path, side: int = 28) -> Path:
    """Three training and one test picture in the layout of the official MNIST-M."""
    for part, digits in (("train", (5, 0, 4)), ("test", (7,))):
        folder = root / f"mnist_m_{part}"
        folder.mkdir(parents=True)
        for index, digit in enumerate(digits):
            pixels = np.full((side, side, 3), 10 * digit, dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{index:08}.png")
        lines = [f"{index:08}.png {digit}\n" for index, digit in enumerate(digits)]
        (root / f"mnist_m_{part}_labels.txt").write_text("".join(lines))
    return root


@pytest.mark.parametrize("side", [28, 32])
def test_the_official_mnist_m_is_read_in_its_layout(tmp_path, side: int) -> None:
    train, test = mnist.read_mnist_m(official(tmp_path, side))
    assert train.labels.tolist() == [5, 0, 4] and test.labels.tolist() == [7]
    assert train.images.shape == (3, 28, 28, 3)
    assert train.images[:, 0, 0, 0].tolist() == [50, 0, 40]


def test_a_broken_official_mnist_m_says_which_file(tmp_path) -> None:
    root = official(tmp_path)
    (root / "mnist_m_train" / "00000001.png").write_bytes(b"no picture")
    with pytest.raises(ColophonError, match=r"cannot read the MNIST-M picture .*00000001\.png"):
        mnist.read_mnist_m(root)
    (root / "mnist_m_train_labels.txt").write_text("00000000.png five\n")
    with pytest.raises(ColophonError, match=r"has the line '00000000\.png five'"):
        mnist.read_mnist_m(root)
    (root / "mnist_m_train_labels.txt").unlink()
    with pytest.raises(ColophonError, match=r"list of labels .* is missing"):
        mnist.read_mnist_m(root)
