"""The baseline without a network."""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.svm import LinearSVC

from experiments.data import datasets
from experiments.transfer import pixels


def test_the_baseline_is_a_linear_svm_on_the_grey_levels_of_the_same_split(run_stage) -> None:
    metrics, result = run_stage(pixels, dataset="digits", size=8)
    images, labels = map(np.asarray, load_digits(return_X_y=True))
    train, test = datasets.stratified_choice(labels, per_class=10, seed=1)
    machine = LinearSVC(C=1.0, max_iter=100_000, random_state=0).fit(images[train] / 16, labels[train])
    expected = machine.predict(images[test] / 16)
    agreement = np.mean(result.array("predictions")[0] == expected)
    assert agreement > 0.995  # the grey levels are rounded to 8 bits
    assert metrics.raw.accuracy.correct == np.sum(result.array("predictions")[0] == labels[test])
    assert (metrics.dimensions, metrics.raw.accuracy.total) == (64, 1697)


def test_the_scaling_to_unit_length_ignores_brightness() -> None:
    settings = pixels.Settings(dataset="digits")
    images = np.random.default_rng(0).uniform(size=(40, 16))
    labels = np.arange(40) % 4
    bright, _ = pixels.fit(settings, images, labels, images * 3.0, "normalized")
    plain, _ = pixels.fit(settings, images, labels, images, "normalized")
    np.testing.assert_array_equal(bright, plain)
