from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, recall_score
from statsmodels.stats.proportion import proportion_confint

from experiments.statistics import accuracy, class_accuracies, wilson


@given(
    st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.floats(0.5, 0.999),
)
def test_wilson_agrees_with_statsmodels(counts: tuple[int, int], level: float) -> None:
    correct, total = counts
    expected = proportion_confint(correct, total, alpha=1 - level, method="wilson")
    assert wilson(correct, total, level) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("correct", "total", "level"), [(-1, 5, 0.95), (6, 5, 0.95), (0, 0, 0.95), (1, 2, 1.0)]
)
def test_wilson_refuses_impossible_counts_and_levels(correct: int, total: int, level: float) -> None:
    with pytest.raises(ValueError, match="no Wilson interval"):
        wilson(correct, total, level)


def test_accuracies_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    labels, predicted = rng.integers(0, 4, 200), rng.integers(0, 4, 200)
    assert accuracy(predicted, labels).value == accuracy_score(labels, predicted)
    per_class = class_accuracies(predicted, labels, ["a", "b", "c", "d"])
    assert [entry.name for entry in per_class] == ["a", "b", "c", "d"]
    assert [entry.value for entry in per_class] == pytest.approx(
        cast(Any, recall_score)(labels, predicted, average=None).tolist()
    )


def test_a_class_without_images_has_no_accuracy() -> None:
    labels = np.array([0, 2])
    assert [e.name for e in class_accuracies(labels, labels, ["a", "b", "c"])] == ["a", "c"]
