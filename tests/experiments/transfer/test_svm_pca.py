"""The number of components is chosen on the training set, each fold with components of its own."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer
from sklearn.svm import LinearSVC

from experiments.transfer import svm_pca, svm_tuning


@pytest.fixture
def inputs(features, run_stage):
    results = [
        features("net", "convolutional", {"early": 6.0, "late": 2.0}),
        features("former", "transformer", {"token": 3.0}),
    ]
    _, tuning = run_stage(svm_tuning, results, c_values=(0.1, 1), raw_c_values=(), folder="tuning")
    return [*results, tuning]


def test_accuracies_are_those_of_a_pipeline_that_fits_its_components_in_each_fold(
    inputs, run_stage
) -> None:
    metrics, _ = run_stage(svm_pca, inputs, components=(1, 2, 99))
    net = inputs[0]
    row = metrics.rows[0]
    assert row.layer == "late layer"
    assert [point.components for point in row.points] == [1, 2, 3]
    train, labels = np.array(net.array("train-late"), float), net.array("train-labels")
    test, test_labels = np.array(net.array("test-late"), float), net.array("test-labels")
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    for point in row.points:
        pca = PCA(point.components, svd_solver="full")
        machine = make_pipeline(Normalizer(), pca, LinearSVC(C=row.c, random_state=0))
        expected = cross_val_score(machine, train, labels, cv=folds).mean()
        assert point.cross_validation.value == pytest.approx(expected)
        assert point.test.value == machine.fit(train, labels).score(test, test_labels)
        assert point.explained == pytest.approx(pca.explained_variance_ratio_.sum())


def test_the_chosen_number_has_the_highest_mean_and_is_compared_with_all_features(
    inputs, run_stage
) -> None:
    metrics, result = run_stage(svm_pca, inputs, components=(1, 2))
    tuning = inputs[-1].metrics
    for row, best in zip(metrics.rows, tuning["networks"], strict=True):
        chosen = max(row.points, key=lambda point: point.cross_validation.value)
        assert row.components == chosen.components
        assert row.reduced.accuracy == chosen.test
        assert row.whole.accuracy.value == best["test"]["accuracy"]["value"]
        pair = [result.array(fit.correct) for fit in (row.reduced, row.whole)]
        assert row.gain == pytest.approx(100 * (pair[0].mean() - pair[1].mean()))
    assert np.array_equal(result.array("labels"), inputs[-1].array("labels"))
    assert metrics.best.backbone == tuning["best"]["backbone"]
