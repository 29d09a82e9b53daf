from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t, ttest_1samp
from sklearn.metrics import accuracy_score, recall_score
from statsmodels.stats.proportion import proportion_confint

from experiments.statistics import accuracy, class_accuracies, mean, wilson


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


@given(st.lists(st.floats(0, 1), min_size=2, max_size=12), st.floats(0.5, 0.999))
def test_the_interval_of_a_mean_is_students(values: list[float], level: float) -> None:
    found = mean(values, level)
    half = t.ppf(0.5 + level / 2, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5
    assert (found.low, found.high) == pytest.approx(
        (np.mean(values) - half, np.mean(values) + half), abs=1e-9
    )
    assert found.count == len(values)


def test_the_interval_of_a_mean_agrees_with_scipys_test() -> None:
    values = [0.88, 0.9, 0.87, 0.91]
    interval = ttest_1samp(values, 0).confidence_interval(0.95)
    assert (mean(values).low, mean(values).high) == pytest.approx((interval.low, interval.high))


def test_overlapping_splits_widen_the_interval_by_nadeau_and_bengios_factor() -> None:
    values = [0.88, 0.9, 0.87, 0.91]
    wide, plain = mean(values, overlap=2.0), mean(values)
    assert (wide.high - wide.value) / (plain.high - plain.value) == pytest.approx((1 + 4 * 2) ** 0.5)


def test_one_value_has_no_interval() -> None:
    with pytest.raises(ValueError, match="no t-interval for 1 values"):
        mean([0.9])
