"""The classifier of digits: what it reaches, what it keeps, what it is trained on."""

import numpy as np
import pytest
import torch
from scipy.ndimage import shift as scipy_shift

from experiments.generate import classifier, features
from experiments.nn.threads import in_order
from report import stage
from report.errors import ColophonError
from tests.experiments.generate.conftest import bars

RECIPE = features.Recipe(epochs=3, batch_size=20, learning_rate=0.01, shift=1, width=2)


def fit(seed: int = 1, checkpoint=None, epochs: int = 3) -> features.Recognizer:
    training = features.Training(bars(100, 0), RECIPE, seed, checkpoint)
    for _ in zip(training.epochs(), range(epochs), strict=False):
        pass
    return training.network.eval()


def same(first: torch.nn.Module, second: torch.nn.Module) -> bool:
    states = first.state_dict(), second.state_dict()
    return all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_the_stage_learns_handwritten_digits_and_keeps_what_it_learnt(run_stage) -> None:
    metrics, result = run_stage(classifier, source="digits", epochs=3, batch_size=32)
    assert metrics.accuracy.value > 0.95 and metrics.accuracy.total == 500
    assert (metrics.train_images, metrics.iterations) == (1297, 3 * (1297 // 32))
    assert result.array("loss").shape == (metrics.iterations,)
    network = features.load(result)
    assert metrics.parameters == sum(p.numel() for p in network.parameters())
    _, test = classifier.pictures.load(classifier.Settings(source="digits"), lambda name: result.directory)
    answers = features.answer(network, test.images[..., 0])
    assert np.mean(answers.labels == test.labels) == metrics.accuracy.value
    assert answers.confidence.mean() == pytest.approx(metrics.confidence, abs=1e-6)


def test_the_stage_twice_is_the_stage_once(run_stage, small_digits) -> None:
    settings = {"epochs": 2, "batch_size": 50, "width": 2}
    first, second = (run_stage(classifier, folder=name, **settings)[0] for name in ("one", "two"))
    assert first == second


def test_an_interrupted_training_ends_with_the_weights_of_one_that_was_not(tmp_path) -> None:
    whole = fit()
    fit(checkpoint=tmp_path, epochs=1)
    assert (tmp_path / "training.pt").exists()
    assert same(fit(checkpoint=tmp_path), whole)
    assert not same(fit(seed=2), whole)


def test_trainings_in_threads_are_those_one_by_one() -> None:
    """Initial weights come from torch's generator, which the threads share."""
    alone = [fit(seed, epochs=1) for seed in range(4)]
    together = list(in_order(lambda seed: fit(seed, epochs=1), range(4), 4))
    assert all(same(first, second) for first, second in zip(alone, together, strict=True))


def test_too_few_pictures_for_a_batch_are_refused() -> None:
    with pytest.raises(ColophonError, match="19 training images do not fill one batch of 20"):
        features.Training(bars(19, 0), RECIPE, 1)


def test_pictures_are_shifted_each_by_itself_and_black_moves_in() -> None:
    images = bars(40, 3).images[..., 0]
    moved = features.shifted(images, 4, np.random.default_rng(0))
    found = set()
    for before, after in zip(images, moved, strict=True):
        options = [
            (down, right)
            for down in range(-4, 5)
            for right in range(-4, 5)
            if np.array_equal(scipy_shift(before, (down, right), order=0), after)
        ]
        assert options
        found.add(options[0])
    assert len(found) > 20
    assert np.array_equal(features.shifted(images, 0, np.random.default_rng(0)), images)


def test_answers_are_those_of_the_network_in_parts(monkeypatch) -> None:
    network, images = fit(), bars(23, 5).images[..., 0]
    monkeypatch.setattr(features, "PASSED_AT_ONCE", 10)
    answers = features.answer(network, images)
    with torch.no_grad():
        logits = network(torch.from_numpy(images)[:, None].float() / 127.5 - 1).double()
    expected = torch.exp(logits) / torch.exp(logits).sum(1, keepdim=True)
    assert answers.probabilities == pytest.approx(expected.numpy(), abs=1e-5)
    assert answers.features.shape == (23, 64) and answers.features.min() >= 0
    head = network.head.weight.detach().numpy(), network.head.bias.detach().numpy()
    assert answers.features @ head[0].T + head[1] == pytest.approx(logits.numpy(), abs=1e-4)


@pytest.mark.parametrize("shape", [(3, 28, 28), (0, 32, 32)])
def test_pictures_of_another_size_or_none_are_refused(shape) -> None:
    with pytest.raises(ColophonError, match="was given pictures of shape"):
        features.answer(features.Recognizer(2).eval(), np.zeros(shape, dtype=np.uint8))


def test_a_classifier_that_was_not_kept_is_missed_by_name(tmp_path) -> None:
    with pytest.raises(ColophonError, match=r"generate/classifier has no output 'weights.safetensors'"):
        features.load(stage.Result("generate/classifier", {}, tmp_path))


def test_larger_pictures_are_shrunk_by_their_means_and_others_left() -> None:
    large = np.kron(bars(3, 1).images[..., 0], np.ones((2, 2), dtype=np.uint8))
    assert features.shrunk(large).shape == (3, 32, 32)
    grey = np.random.default_rng(0).integers(0, 256, (5, 64, 64), dtype=np.uint8)
    assert features.shrunk(grey).mean() == pytest.approx(grey.mean(), abs=1)
    assert np.array_equal(features.shrunk(grey[:, :32, :32]), grey[:, :32, :32])
