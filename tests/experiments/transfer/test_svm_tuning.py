"""C is chosen by cross-validation on the training set, and by nothing else."""

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer
from sklearn.svm import LinearSVC

from experiments.transfer import cross_validation, svm_tuning
from experiments.transfer.cross_validation import choose, summarize
from report.errors import ColophonError

GRID = (0.01, 0.1, 1, 10)


@pytest.fixture
def inputs(features):
    return [
        features("net", "convolutional", {"early": 6.0, "late": 1.5}),
        features("former", "transformer", {"token": 2.5}),
    ]


@pytest.fixture
def tuned(inputs, run_stage):
    return run_stage(svm_tuning, inputs, c_values=GRID, raw_c_values=(0.1, 1))


def test_means_and_the_chosen_c_are_those_of_scikit_learns_grid_search(inputs, tuned) -> None:
    metrics, _ = tuned
    places = [(inputs[0], "early"), (inputs[0], "late"), (inputs[1], "token")]
    for row, (result, layer) in zip(metrics.rows, places, strict=True):
        search = GridSearchCV(
            make_pipeline(Normalizer(), LinearSVC(random_state=0)),
            {"linearsvc__C": list(GRID)},
            cv=StratifiedKFold(5, shuffle=True, random_state=0),
        )
        search.fit(np.array(result.array(f"train-{layer}"), float), result.array("train-labels"))
        found = row.normalized
        means = [point.cross_validation.value for point in found.points]
        assert means == pytest.approx(search.cv_results_["mean_test_score"])
        deviations = [point.cross_validation.standard_deviation for point in found.points]
        assert deviations == pytest.approx(search.cv_results_["std_test_score"] * np.sqrt(5 / 4))
        assert found.c == search.best_params_["linearsvc__C"]
        test, labels = np.array(result.array(f"test-{layer}"), float), result.array("test-labels")
        assert found.tuned.accuracy.value == pytest.approx(search.score(test, labels))
        assert found.gain == pytest.approx(
            100 * (found.tuned.accuracy.value - found.default.accuracy.value)
        )


def test_the_best_row_has_the_highest_cross_validation(tuned) -> None:
    metrics, result = tuned
    values = [row.normalized.cross_validation.value for row in metrics.rows]
    assert metrics.best.row == int(np.argmax(values))
    assert metrics.best_convolutional.row == int(np.argmax(values[:2]))
    assert metrics.best_transformer.row == 2
    assert [best.backbone for best in metrics.networks] == ["net", "former"]
    best, labels = metrics.best, result.array("labels")
    assert np.mean(result.array("predictions")[best.row] == labels) == best.test.accuracy.value
    assert np.array_equal(result.array(best.test.correct), result.array("predictions")[best.row] == labels)


def test_other_test_labels_change_the_test_accuracies_and_nothing_else(inputs, tuned, run_stage) -> None:
    first = tuned[0].model_dump()
    shuffled = np.random.default_rng(0).permutation(90)
    for result in inputs:
        np.save(Path(result.directory) / "test-labels.npy", result.array("test-labels")[shuffled])
    again = run_stage(svm_tuning, inputs, folder="again", c_values=GRID, raw_c_values=(0.1, 1))[
        0
    ].model_dump()
    assert first["best"]["test"] != again["best"]["test"]

    def without_test(part):
        if isinstance(part, dict):
            kept = part.keys() - {"test", "tuned", "default", "gain"}
            return {key: without_test(part[key]) for key in sorted(kept)}
        return [without_test(entry) for entry in part] if isinstance(part, list) else part

    assert without_test(first) == without_test(again)


def test_of_equal_values_the_smallest_is_chosen_and_the_plateau_is_within_a_standard_error() -> None:
    found = [summarize(folds) for folds in ([0.5, 0.7], [0.8, 0.9], [0.9, 0.8], [0.8, 0.82])]
    assert choose(found) == (1, [1, 2, 3])  # 0.85 - 0.05 = 0.80: 0.81 is within, 0.6 is not
    assert found[1].standard_error == pytest.approx(0.05)


def test_folds_are_stratified_and_each_image_is_validated_on_once() -> None:
    labels = np.repeat([0, 1, 2], [10, 20, 5])
    folds = cross_validation.split_folds(labels, cross_validation.Settings())
    assert sorted(np.concatenate([held_out for _, held_out in folds])) == list(range(35))
    for kept, held_out in folds:
        assert np.bincount(labels[held_out]).tolist() == [2, 4, 1]
        assert not set(kept) & set(held_out)


def test_a_class_with_fewer_images_than_folds_is_refused() -> None:
    with pytest.raises(ColophonError, match="a class of 3 training images"):
        cross_validation.split_folds(np.repeat([0, 1], [3, 9]), cross_validation.Settings())


@pytest.mark.parametrize("values", [(0.1, 10.0), (1.0, 0.1), (0.0, 1.0)])
def test_a_grid_without_the_default_or_not_rising_is_refused(values) -> None:
    with pytest.raises(ValidationError, match=r"must hold c = 1|each larger than"):
        svm_tuning.Settings(c_values=values)


def test_raw_features_can_be_left_out(inputs, run_stage) -> None:
    metrics, _ = run_stage(svm_tuning, inputs, c_values=(1.0,), raw_c_values=())
    assert all(row.raw is None for row in metrics.rows)


def test_a_solver_that_stops_early_is_told(inputs, run_stage) -> None:
    metrics, _ = run_stage(svm_tuning, inputs, c_values=(1.0,), raw_c_values=(1.0,), max_iterations=1)
    assert not metrics.converged and not metrics.rows[0].raw.tuned.converged
