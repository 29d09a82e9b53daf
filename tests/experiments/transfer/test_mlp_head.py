"""The perceptron and the softmax layer on features."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from scipy.stats import ttest_1samp

from experiments.nn.mlp import mlp
from experiments.transfer import mlp_head, svm_tuning
from experiments.transfer.heads import MeanSquareOne, count_parameters
from report import stage
from report.errors import ColophonError

SMALL = {"hidden": (16, 8), "epochs": 6, "batch_size": 10, "learning_rate": 0.02, "seeds": (1, 2, 3)}


@pytest.fixture
def inputs(features, run_stage) -> list[stage.Result]:
    net = features("net", "convolutional", {"early": 6.0, "late": 1.0})
    former = features("former", "transformer", {"token": 2.0})
    _, tuning = run_stage(svm_tuning, [net, former], c_values=(0.1, 1), raw_c_values=(), folder="tuning")
    return [net, tuning]


def train(run_stage, inputs, **more):
    return run_stage(mlp_head, inputs, backbone="net", **(SMALL | more))


def test_the_published_perceptron_has_its_published_number_of_parameters() -> None:
    assert count_parameters(mlp(4096, 15)) == 4_727_823


def test_features_reach_the_head_with_a_mean_square_of_one() -> None:
    features = torch.rand(5, 32) * 7
    squares = MeanSquareOne()(features).square().mean(1)
    torch.testing.assert_close(squares, torch.ones(5))


def test_the_saved_weights_and_arrays_give_the_numbers_again(inputs, run_stage) -> None:
    metrics, result = train(run_stage, inputs)
    head = mlp(3, 3, (16, 8)).eval()
    head.load_state_dict(load_file(result.path("mlp.safetensors")))
    features = torch.from_numpy(np.array(inputs[0].array("test-late")))
    with torch.no_grad():
        right = head(MeanSquareOne()(features)).argmax(1).numpy() == result.array("labels")
    first = metrics.mlp.runs[0]
    assert np.array_equal(right, result.array(first.test.correct))
    assert first.test.accuracy.value == right.mean()
    losses = result.array("mlp-loss")
    assert losses.shape == (3, 36)
    assert first.loss == pytest.approx(losses[0, -6:].mean(), rel=1e-5)


def test_means_over_seeds_have_students_interval(inputs, run_stage) -> None:
    metrics, _ = train(run_stage, inputs)
    for head in (metrics.mlp, metrics.linear):
        values = [run.test.accuracy.value for run in head.runs]
        assert [run.seed for run in head.runs] == [1, 2, 3]
        interval = ttest_1samp(values, 0).confidence_interval(0.95)
        assert head.accuracy.value == pytest.approx(np.mean(values))
        assert (head.accuracy.low, head.accuracy.high) == pytest.approx(tuple(interval))
        assert head.gain == pytest.approx(100 * (np.mean(values) - metrics.svm.accuracy.value))
        assert head.accuracy.value > 0.8  # one class of three is chance
        assert all(run.test.converged is None for run in head.runs)


def test_the_svm_beside_it_is_the_tuned_one_on_the_same_features(inputs, run_stage) -> None:
    metrics, result = train(run_stage, inputs)
    (best,) = [b for b in inputs[1].metrics["networks"] if b["backbone"] == "net"]
    assert metrics.layer == best["layer"] == "late layer" and metrics.chosen
    assert metrics.svm.accuracy.value == best["test"]["accuracy"]["value"]
    assert np.array_equal(result.array("correct-svm"), inputs[1].array(best["test"]["correct"]))


def test_a_profile_can_name_the_layer(inputs, run_stage) -> None:
    metrics, _ = train(run_stage, inputs, layers={"net": "early layer"})
    assert metrics.layer == "early layer" and not metrics.chosen
    row = inputs[1].metrics["rows"][0]
    assert metrics.svm.accuracy.value == row["normalized"]["tuned"]["accuracy"]["value"]
    with pytest.raises(ColophonError, match="no features of a layer 'token layer'"):
        train(run_stage, inputs, layers={"net": "token layer"})


def test_two_runs_give_the_same_metrics_and_other_test_labels_the_same_training(inputs, run_stage) -> None:
    first, _ = train(run_stage, inputs, folder="one")
    again, _ = train(run_stage, inputs, folder="two")
    assert first.model_dump_json() == again.model_dump_json()
    np.save(inputs[0].directory / "test-labels.npy", inputs[0].array("test-labels")[::-1].copy())
    _, other = train(run_stage, inputs, folder="three")
    _, same = train(run_stage, inputs, folder="two")
    assert np.array_equal(other.array("mlp-loss"), same.array("mlp-loss"))
