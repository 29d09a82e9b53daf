"""The literature's protocol: stratified random splits, on which no picture straddles."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp
from sklearn.metrics import balanced_accuracy_score
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC

from experiments.transfer import svm_protocol, svm_tuning

SEEDS = (3, 4, 5)


@pytest.fixture
def inputs(features, run_stage):
    results = [
        features("net", "convolutional", {"early": 6.0, "late": 2.0}),
        features("former", "transformer", {"token": 3.0}),
    ]
    _, tuning = run_stage(svm_tuning, results, c_values=(0.1, 1), raw_c_values=(), folder="tuning")
    return [*results, tuning]


def measure(run_stage, inputs, **more):
    return run_stage(svm_protocol, inputs, train_per_class=20, split_seeds=SEEDS, **more)


def test_splits_are_stratified_disjoint_and_free_of_images_that_occur_twice(
    inputs, run_stage, monkeypatch
) -> None:
    seen = []
    fit = svm_protocol.fit_scaled

    def spy(settings, train, labels, test, c):
        seen.append((train, labels, test))
        return fit(settings, train, labels, test, c)

    monkeypatch.setattr(svm_protocol, "fit_scaled", spy)
    metrics, _ = measure(run_stage, inputs)
    assert (metrics.images, metrics.removed, metrics.train, metrics.test) == (150, 2, 60, 88)
    pooled = np.concatenate([inputs[0].array(f"{part}-late") for part in ("train", "test")])
    once = np.delete(pooled, [63, 100], axis=0)  # the test images that are training images too
    for train, labels, test in seen[:3]:
        assert np.bincount(labels).tolist() == [20, 20, 20]
        both = np.concatenate([train, test])
        expected = np.asarray(normalize(once.astype(float)))
        assert sorted(both.tolist()) == sorted(expected.tolist())


def test_each_splits_value_is_the_balanced_accuracy_of_scikit_learns_machine(inputs, run_stage) -> None:
    metrics, result = measure(run_stage, inputs)
    row = metrics.rows[0]
    assert row.layer == "late layer" and metrics.best.layer == row.layer
    kept = np.delete(np.arange(150), [63, 100])
    pooled = np.concatenate([inputs[0].array(f"{part}-late") for part in ("train", "test")])[kept]
    labels = np.concatenate([inputs[0].array(f"{part}-labels") for part in ("train", "test")])[kept]
    pooled = np.asarray(normalize(pooled.astype(float)))
    train, test = svm_protocol.stratified_choice(labels, 20, SEEDS[0])
    machine = LinearSVC(C=row.c, random_state=0).fit(pooled[train], labels[train])
    expected = balanced_accuracy_score(labels[test], machine.predict(pooled[test]))
    assert row.splits[0].class_mean == pytest.approx(expected)
    values = [split.class_mean for split in row.splits]
    assert result.array("class-means")[0] == pytest.approx(values)
    interval = ttest_1samp(values, 0).confidence_interval(0.95)
    assert (row.class_mean.low, row.class_mean.high) == pytest.approx((interval.low, interval.high))
    assert row.corrected.low < row.class_mean.low
    assert (row.lowest, row.highest) == (min(values), max(values))


def test_two_runs_give_the_same_metrics(inputs, run_stage) -> None:
    first, _ = measure(run_stage, inputs, folder="one")
    again, _ = measure(run_stage, inputs, folder="two")
    assert first.model_dump_json() == again.model_dump_json()
