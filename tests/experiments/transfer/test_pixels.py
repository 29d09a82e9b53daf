"""The baseline without a network."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.svm import LinearSVC

from experiments.data import datasets
from experiments.transfer import pixels
from report import stage
from report.errors import ColophonError


def nowhere(name: str) -> Path:
    raise AssertionError(f"{name} was asked for")


def test_the_baseline_is_a_linear_svm_on_the_grey_levels_of_the_same_split(run_stage) -> None:
    metrics, result = run_stage(pixels, dataset="digits", size=16)
    split = datasets.load("digits", nowhere, train_per_class=10, seed=1)
    train, test = (
        np.array([part.read(index, 16).ravel() / 255 for index in range(len(part))])
        for part in (split.train, split.test)
    )
    machine = LinearSVC(C=1.0, max_iter=100_000, random_state=0).fit(train, split.train.labels)
    np.testing.assert_array_equal(result.array("predictions")[0], machine.predict(test))
    assert metrics.raw.accuracy.value == machine.score(test, split.test.labels)
    assert (metrics.dimensions, metrics.raw.accuracy.total) == (256, 1697)


def test_the_scaling_to_unit_length_ignores_brightness() -> None:
    settings = pixels.Settings(dataset="digits")
    images = np.random.default_rng(0).uniform(size=(40, 16))
    labels = np.arange(40) % 4
    bright, _ = pixels.fit(settings, images, labels, images * 3.0, "normalized")
    plain, _ = pixels.fit(settings, images, labels, images, "normalized")
    np.testing.assert_array_equal(bright, plain)


def test_features_of_other_images_are_refused(run_stage, tmp_path: Path) -> None:
    split = datasets.load("digits", nowhere, train_per_class=10, seed=2)
    for part, images in (("train", split.train), ("test", split.test)):
        (tmp_path / f"{part}-files.json").write_text(json.dumps(images.names))
    other = stage.Result("transfer/features", {"backbone": "small/vgg"}, tmp_path)
    with pytest.raises(ColophonError, match=r"small/vgg.* have different train images"):
        run_stage(pixels, [other], dataset="digits")
    metrics, _ = run_stage(pixels, [other], dataset="digits", split_seed=2, size=8)
    assert metrics.raw.accuracy.total == len(split.test)
