from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torchvision.transforms import functional as tv

from experiments.data import images
from report.errors import ColophonError


def picture(seed: int, shape: tuple[int, ...] = (40, 56)) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two classes; test/b/copy.jpg is train/a/0.jpg, test/a/copy.jpg is train/a/1.jpg."""
    for split in ("train", "test"):
        for label in ("b", "a"):
            (tmp_path / split / label).mkdir(parents=True)
    for index in range(2):
        picture(index).save(tmp_path / "train" / "a" / f"{index}.jpg")
        picture(10 + index).save(tmp_path / "train" / "b" / f"{index}.jpg")
        picture(20 + index).save(tmp_path / "test" / "a" / f"{index}.jpg")
    for source, label in (("0", "b"), ("1", "a")):
        content = (tmp_path / "train" / "a" / f"{source}.jpg").read_bytes()
        (tmp_path / "test" / label / "copy.jpg").write_bytes(content)
    twin = (tmp_path / "train" / "b" / "0.jpg").read_bytes()
    (tmp_path / "train" / "b" / "twin.jpg").write_bytes(twin)
    return tmp_path


def test_a_folder_is_read_in_the_order_of_classes_and_names(root: Path) -> None:
    train = images.from_folder(root, "train")
    assert train.classes == ["a", "b"]
    assert train.labels.tolist() == [0, 0, 1, 1, 1]
    assert train.names[0] == "train/a/0.jpg" and train.names[-1] == "train/b/twin.jpg"


def test_duplicates_are_found_by_content_within_and_across_the_split(root: Path) -> None:
    train, test = (images.from_folder(root, split) for split in ("train", "test"))
    found = images.find_duplicates(train, test)
    assert found.groups == 3
    assert [test.names[i] for i in np.flatnonzero(found.test)] == [
        "test/a/copy.jpg",
        "test/b/copy.jpg",
    ]
    assert found.conflicting == 1


def test_images_of_an_array_are_compared_by_their_bytes() -> None:
    stack = np.arange(3 * 64, dtype=np.uint8).reshape(3, 8, 8)
    stack[2] = stack[0]
    whole = images.from_array(stack, np.array([0, 1, 0]), ["x", "y"])
    train, test = (images.subset(whole, np.array(part)) for part in ([0, 1], [2]))
    found = images.find_duplicates(train, test)
    assert (found.groups, found.test.tolist(), found.conflicting) == (1, [True], 0)
    assert found.contents.tolist() == [0, 1, 0]


@pytest.mark.parametrize("shape", [(256, 256), (220, 293), (330, 220)])
def test_the_resize_is_that_of_the_practical(tmp_path: Path, shape: tuple[int, int]) -> None:
    """The practical stacks the grey channel three times and resizes the colour picture."""
    path = tmp_path / "grey.png"
    picture(0, shape).save(path)
    grey = np.array(Image.open(path).convert("L"))
    expected = np.array(
        Image.fromarray(np.dstack([grey] * 3)).resize((224, 224), Image.Resampling.BILINEAR)
    )
    found = images.read_grey(path, 224)
    assert np.array_equal(np.dstack([found] * 3), expected)
    by_torchvision = tv.resize(tv.pil_to_tensor(Image.fromarray(grey)), [224, 224], antialias=True)
    assert np.abs(found.astype(int) - by_torchvision[0].numpy().astype(int)).max() <= 1


def test_a_truncated_jpeg_is_named(root: Path) -> None:
    path = root / "test" / "a" / "1.jpg"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ColophonError, match=r"test/a/1\.jpg.*truncated"):
        images.from_folder(root, "test").read(1, 32)


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    path = tmp_path / "note.jpg"
    path.write_text("not a picture")
    with pytest.raises(ColophonError, match=r"note\.jpg"):
        images.read_grey(path, 32)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ColophonError, match=f"no images in {tmp_path / 'train'}"):
        images.from_folder(tmp_path, "train")
