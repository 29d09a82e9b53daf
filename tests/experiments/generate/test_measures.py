"""The stage that measures generators, with generators whose pictures are known."""

import json

import numpy as np
import pytest
from scipy.linalg import sqrtm

from experiments.generate import classifier, features, measures
from experiments.generate.conditional import obeyed
from experiments.generate.features import Answers
from report import stage
from report.errors import ColophonError

SMALL = {"samples": 100, "neighbours": 3, "epochs": 8, "batch_size": 20, "width": 4, "shift": 0}


@pytest.fixture
def judge(run_stage, small_digits) -> stage.Result:
    return run_stage(classifier, epochs=8, batch_size=20, width=4, shift=0, folder="classifier")[1]


@pytest.fixture
def draws_real(monkeypatch, small_digits) -> None:
    """Generators draw training pictures: of the classes that they are told, else the first ones."""
    train, _ = small_digits

    def sample(generator, count, seed, labels=None):
        rng = np.random.default_rng(seed)
        if labels is None:
            return train.images[rng.permutation(len(train))[:count], ..., 0]
        rows = [rng.choice(np.flatnonzero(train.labels == label)) for label in labels.numpy()]
        return train.images[rows, ..., 0]

    monkeypatch.setattr(measures, "sample", sample)


def told(trained) -> stage.Result:
    return trained(("conditional", "blind"), "generate/cdcgan")


def test_generators_that_draw_training_pictures_are_measured_as_real(
    run_stage, judge, trained, draws_real, small_digits
) -> None:
    metrics, _ = run_stage(measures, [judge, trained(), told(trained)], folder="out", **SMALL)
    (default,) = metrics.variants
    assert (default.slug, default.title, default.size, default.stopped) == ("default", "the default", 32, 0)
    assert default.frechet.value < 3 * metrics.real.frechet
    assert min(run.precision for run in default.runs) > 0.8 and default.missing.value == 0
    assert default.entropy.value == pytest.approx(np.log(10), abs=0.1)
    assert default.background.value == pytest.approx(metrics.real.background, abs=0.3)
    conditional = metrics.conditional[0]
    assert conditional.accuracy.value > 0.95 and len(conditional.by_class) == 10
    assert conditional.trained_on_samples.value > 0.7
    assert [run.seed for run in metrics.trained_on_real.runs] == [1, 2]
    assert metrics.trained_on_real.accuracy.value > 0.7
    for run in conditional.runs:
        assert np.mean(run.by_class) == pytest.approx(run.accuracy)  # ten pictures of each
        assert run.doublings == pytest.approx(np.log2(run.frechet))
    assert metrics.shrunk is None and metrics.loss_rank is None


def test_the_distance_of_a_run_is_that_of_its_own_samples(
    run_stage, judge, trained, draws_real, small_digits
) -> None:
    metrics, _ = run_stage(measures, [judge, trained(), told(trained)], folder="out", **SMALL)
    train, test = small_digits
    network = features.load(judge)
    rows = np.random.default_rng(1000 + 2).permutation(300)[:100]
    held_against = np.random.default_rng(1000).permutation(200)[:100]
    sets = [
        features.answer(network, images[..., 0]).features.astype(float)
        for images in (train.images[rows], test.images[held_against])
    ]
    first, second = (np.cov(found.T) for found in sets)
    root = np.real(np.asarray(sqrtm(first @ second)))
    expected = np.sum((sets[0].mean(0) - sets[1].mean(0)) ** 2) + np.trace(first + second - 2 * root)
    assert metrics.variants[0].runs[1].frechet == pytest.approx(expected, rel=1e-3)


def test_untrained_generators_are_far_off_and_the_same_each_time(run_stage, judge, trained) -> None:
    needs = [judge, trained(), trained(("size-64",), size=64), told(trained)]
    metrics, _ = run_stage(measures, needs, folder="out", **SMALL)
    default, large = metrics.variants
    assert default.frechet.low > 2 * metrics.real.frechet
    assert default.background.value > 50 and default.recall.value < 0.2
    assert (large.size, len(large.runs)) == (64, 2)
    assert metrics.shrunk is not None and metrics.shrunk.background < 1
    assert [method.slug for method in metrics.conditional] == ["conditional", "blind"]
    assert metrics.conditional[0].trained_on_samples.value < metrics.trained_on_real.accuracy.value
    assert run_stage(measures, needs, folder="again", **SMALL)[0] == metrics


def test_trainings_that_broke_off_are_measured_and_counted_but_not_ranked(
    run_stage, judge, trained
) -> None:
    result = trained(seeds=(1, 2, 3, 4, 5, 6))
    about = result.metrics
    about["runs"][0] |= {"stopped": 7, "loss_g": None}
    (result.directory / "metrics.json").write_text(json.dumps(about))
    other = trained(("saturating",), loss="saturating")
    metrics, _ = run_stage(measures, [judge, result, other, told(trained)], folder="out", **SMALL)
    assert metrics.variants[0].stopped == 1 and metrics.variants[0].runs[0].stopped == 7
    assert len(metrics.variants[0].runs) == 6
    assert metrics.loss_rank is not None and metrics.loss_rank.count == 5


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"samples": 300}, r"300 samples are to be held against as many real .* there are 200"),
        ({"samples": 60}, "60 pictures are too few for the covariance of 64 features"),
        ({"neighbours": 100}, "100 pictures do not have 100 neighbours each"),
    ],
)
def test_sets_that_are_too_small_are_refused(run_stage, judge, trained, wrong, message) -> None:
    with pytest.raises(ColophonError, match=message):
        run_stage(measures, [judge, trained(), told(trained)], **SMALL | wrong)


def test_without_its_classifier_nothing_is_measured(run_stage, small_digits, trained, tmp_path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    lost = stage.Result("generate/classifier", {}, empty)
    with pytest.raises(ColophonError, match=r"generate/classifier has no output 'weights\.safetensors'"):
        run_stage(measures, [lost, trained(), told(trained)], **SMALL)


def test_obedience_is_the_share_of_right_answers_of_each_class() -> None:
    asked = np.array([*range(10), 3, 3])
    said = asked.copy()
    said[[0, 10]] = 5
    accuracy, by_class = obeyed(Answers(np.zeros((12, 1)), np.eye(10)[said]), asked)
    assert accuracy == pytest.approx(10 / 12)
    assert by_class == pytest.approx([0, 1, 1, 2 / 3, 1, 1, 1, 1, 1, 1])
    with pytest.raises(ColophonError, match="no picture of 8, 9 was asked for among 8"):
        obeyed(Answers(np.zeros((8, 1)), np.eye(10)[:8]), np.arange(8))
