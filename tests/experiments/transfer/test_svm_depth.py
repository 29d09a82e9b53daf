import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, confusion_matrix
from sklearn.svm import LinearSVC

from experiments.transfer import svm_depth
from report.errors import ColophonError

CLASSES = ["a", "b", "c"]


@pytest.fixture
def finished(features, run_stage):
    inputs = [
        features("net", "convolutional", {"early": 4.0, "late": 0.3}),
        features("former", "transformer", {"token": 2.0}),
    ]
    return run_stage(svm_depth, inputs), inputs


def test_accuracies_are_those_of_linear_svc(finished) -> None:
    (metrics, _), (net, _) = finished
    train, test = np.array(net.array("train-early")), np.array(net.array("test-early"))
    machine = LinearSVC(C=1, max_iter=100_000, random_state=0)
    expected = machine.fit(train, net.array("train-labels")).score(test, net.array("test-labels"))
    assert metrics.rows[0].raw.accuracy.value == pytest.approx(expected)
    train, test = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (train, test))
    expected = machine.fit(train, net.array("train-labels")).score(test, net.array("test-labels"))
    assert metrics.rows[0].normalized.accuracy.value == pytest.approx(expected)


def test_rows_follow_the_order_of_backbones_and_depth(finished) -> None:
    (metrics, _), _ = finished
    assert [(row.backbone, row.layer) for row in metrics.rows] == [
        ("net", "early layer"),
        ("net", "late layer"),
        ("former", "token layer"),
    ]
    assert metrics.converged and metrics.class_names == CLASSES


def test_saved_predictions_give_every_number_again(finished) -> None:
    (metrics, result), _ = finished
    predictions, labels = result.array("predictions"), np.array(result.array("labels"))
    kept = ~np.array(result.array("duplicates"))
    assert predictions.shape == (3, 2, 90)
    for row, pair in zip(metrics.rows, predictions, strict=True):
        for fit, predicted in zip((row.raw, row.normalized), pair, strict=True):
            assert fit.accuracy.value == np.mean(predicted == labels)
            assert fit.class_mean == pytest.approx(balanced_accuracy_score(labels, predicted))
            assert fit.without_duplicates.total == 88
            assert fit.without_duplicates.value == np.mean(predicted[kept] == labels[kept])
            assert [entry.name for entry in fit.per_class] == CLASSES


def test_the_best_rows_are_named_with_their_confusion(finished) -> None:
    (metrics, result), _ = finished
    assert (metrics.best.title, metrics.best.layer) == ("Net", "late layer")
    assert metrics.best_convolutional.row == metrics.best.row == 1
    assert metrics.best_transformer.row == 2
    labels = result.array("labels")
    for best in (metrics.best, metrics.best_transformer):
        column = ("raw", "normalized").index(best.scaling)
        predicted = result.array("predictions")[best.row, column]
        confusion = result.array(best.confusion)
        assert np.array_equal(confusion, confusion_matrix(labels, predicted))
        assert np.trace(confusion) == best.accuracy.correct


def test_a_family_that_is_absent_has_no_best(features, run_stage) -> None:
    metrics, _ = run_stage(svm_depth, [features("net", "convolutional", {"x": 1.0})])
    assert metrics.best_transformer is None


def test_two_runs_give_the_same_metrics(features, run_stage) -> None:
    inputs = [features("net", "convolutional", {"x": 3.0})]
    first, _ = run_stage(svm_depth, inputs, folder="one")
    again, _ = run_stage(svm_depth, inputs, folder="two")
    assert first.model_dump_json() == again.model_dump_json()


def test_a_solver_that_stops_early_is_reported(features, run_stage) -> None:
    inputs = [features("net", "convolutional", {"x": 4.0})]
    metrics, _ = run_stage(svm_depth, inputs, max_iterations=1)
    assert not metrics.rows[0].raw.converged and not metrics.converged


def test_features_of_different_splits_are_refused(features, run_stage) -> None:
    inputs = [features(name, "convolutional", {"x": 1.0}) for name in ("one", "two")]
    np.save(inputs[1].directory / "test-labels.npy", np.zeros(90, dtype=np.int64))
    with pytest.raises(ColophonError, match="different test images"):
        run_stage(svm_depth, inputs)


def test_no_features_at_all_are_refused(run_stage) -> None:
    with pytest.raises(ColophonError, match="no features"):
        run_stage(svm_depth)
