"""The improved variant's settings are chosen by what can be known without target labels."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax
from scipy.stats import entropy

from experiments.adapt import choice
from experiments.adapt.choice import Judgement, choose, compare, information
from experiments.data.mnist import Digits
from report import stage
from report.errors import ColophonError

SETTINGS = choice.Settings(
    channels=(4, 6), batch_size=40, adam_learning_rate=5e-3, candidate_epochs=4, candidate_seeds=(1, 2)
)


@pytest.fixture
def outputs(tmp_path):
    """Makes outputs in a folder of this name."""

    def make(name: str) -> stage.Outputs:
        folder = tmp_path / name
        folder.mkdir()
        return stage.Outputs(folder, folder, lambda items, *_, **__: iter(items))

    return make


@settings(max_examples=30, deadline=None)
@given(count=st.integers(1, 50), seed=st.integers(0, 1000))
def test_the_score_is_the_mean_divergence_of_the_answers_from_their_mean(count, seed) -> None:
    answers = softmax(3 * np.random.default_rng(seed).normal(size=(count, 10)), axis=1)
    divergences = [entropy(own, answers.mean(0)) for own in answers]
    assert information(answers) == pytest.approx(np.mean(divergences), abs=1e-9)


def test_sure_and_even_answers_score_most_and_doubt_or_one_digit_for_all_nothing() -> None:
    assert information(np.tile(np.eye(10), (3, 1))) == pytest.approx(np.log(10))
    assert information(np.full((30, 10), 0.1)) == pytest.approx(0)
    assert information(np.tile(np.eye(10)[3], (30, 1))) == pytest.approx(0)


def test_neither_target_labels_nor_test_pictures_change_the_choice(domains, outputs) -> None:
    rng = np.random.default_rng(0)
    wrong = Digits(domains.target.images, rng.permutation(domains.target.labels))
    noise = Digits(np.zeros_like(domains.target_test.images), domains.target_test.labels)
    others = replace(domains, target=wrong, target_test=noise, source_test=noise, target_unseen=noise)
    first, second = choose(SETTINGS, domains, outputs("one")), choose(SETTINGS, others, outputs("two"))
    assert (first.trained_on, first.held_out, len(first.candidates)) == (160, 40, 8)
    assert {candidate.dropout for candidate in first.candidates} == {0, 0.5}
    kept = {"source", "score", "admitted", "c", "dropout", "norm"}
    for one, other in zip(first.candidates, second.candidates, strict=True):
        assert one.model_dump(include=kept) == other.model_dump(include=kept)
    assert first.way == second.way
    assert [one.target for one in first.candidates] != [other.target for other in second.candidates]


def judged(source: float, score: float, target: float = 0.5, whole: bool = True) -> list[Judgement]:
    return [Judgement(whole, source - 0.01, score, target), Judgement(True, source + 0.01, score, target)]


def test_a_candidate_that_loses_the_source_or_diverges_is_not_admitted() -> None:
    found = compare(
        [
            ("shared", 0, 2, judged(0.90, 1.0)),
            ("shared", 0.5, 10, judged(0.84, 2.0)),
            ("own", 0, 2, judged(0.86, 1.5, target=0.7)),
            ("own", 0.5, 10, judged(0.99, 2.2, whole=False)),
        ],
        margin=5,
    )
    assert [candidate.admitted for candidate in found] == [True, False, True, False]
    assert [candidate.source for candidate in found] == pytest.approx([0.9, 0.84, 0.86, 0.99])
    assert (found[2].score, found[2].target, found[2].title) == (1.5, 0.7, "each domain by itself")


def test_without_any_candidate_whose_loss_stays_finite_the_stage_stops(
    domains, outputs, monkeypatch
) -> None:
    monkeypatch.setattr(choice, "in_threads", lambda work, tasks: judged(0.9, 1.0, whole=False) * 2)
    with pytest.raises(ColophonError, match="no candidate of the improved variant could be trained"):
        choose(SETTINGS, domains, outputs("none"))
