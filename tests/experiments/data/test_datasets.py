import os
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from experiments.data import datasets
from experiments.data.images import find_duplicates
from report.errors import ColophonError


def nowhere(name: str) -> Path:
    raise AssertionError(f"{name} was asked for")


def digits(per_class: int = 10, seed: int = 1) -> datasets.Split:
    return datasets.load("digits", nowhere, per_class, seed)


def test_digits_are_split_by_class_and_all_used_once() -> None:
    split = digits(per_class=10)
    assert np.bincount(split.train.labels).tolist() == [10] * 10
    used = [int(name) for part in (split.train, split.test) for name in part.names]
    assert sorted(used) == list(range(1797))


def test_digits_keep_their_labels_and_are_enlarged_on_a_black_picture() -> None:
    raw, part = cast(Any, load_digits()), digits().test
    for index in (0, 500, 1500):
        original = int(part.names[index])
        assert part.labels[index] == raw.target[original]
        digit = Image.fromarray(np.round(raw.images[original] * 255 / 16).astype(np.uint8))
        enlarged = np.asarray(digit.resize((24, 24), Image.Resampling.BILINEAR))
        found = [
            (top, left)
            for top in range(9)
            for left in range(9)
            if np.array_equal(part.read(index, 32)[top : top + 24, left : left + 24], enlarged)
        ]
        assert found and part.read(index, 32).sum() == enlarged.sum()


def test_digits_are_placed_all_over_the_picture() -> None:
    split = digits()
    rows = {int(np.flatnonzero(split.test.read(i, 32).any(axis=1))[0]) for i in range(300)}
    assert rows == set(range(9))


def test_the_seed_decides_the_training_digits() -> None:
    assert digits(seed=1).train.names == digits(seed=1).train.names
    assert digits(seed=1).train.names != digits(seed=2).train.names


def test_more_training_digits_than_there_are_is_refused() -> None:
    with pytest.raises(ColophonError, match="leave none for test"):
        digits(per_class=500)


def test_classes_that_differ_between_train_and_test_are_named(tmp_path: Path) -> None:
    for folder in ("train/a", "train/b", "test/a"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "0.jpg").write_bytes(b"")
    with pytest.raises(ColophonError, match="differ in the classes b"):
        datasets.load("15-scene", lambda name: tmp_path, 1, 0)


@pytest.mark.data
def test_15_scene_has_18_groups_of_duplicates_and_11_leaks() -> None:
    root = Path(os.environ.get("DATA_DIR", "data")) / "15SceneData"
    if not root.is_dir():
        pytest.skip(f"needs 15-Scene: {root} is missing; set DATA_DIR")
    split = datasets.load("15-scene", lambda name: root, 1, 0)
    assert (len(split.train), len(split.test), len(split.train.classes)) == (1500, 2985, 15)
    found = find_duplicates(split.train, split.test)
    assert (found.groups, int(found.test.sum()), found.conflicting) == (18, 11, 1)
