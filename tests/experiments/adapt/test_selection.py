"""Which predictions become labels."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from experiments.adapt.selection import order_of, select
from experiments.adapt.stack import IGNORED


def random(count: int, seed: int) -> np.ndarray:
    values = np.random.default_rng(seed).exponential(size=(count, 10)) ** 3
    return values / values.sum(1, keepdims=True)


@given(count=st.integers(1, 200), seed=st.integers(0, 1000), share=st.floats(0.05, 1))
def test_kept_labels_are_predictions_and_the_rest_is_ignored(count, seed, share) -> None:
    found = random(count, seed)
    predicted = found.argmax(1)
    assert np.array_equal(select(found, "all", 0.9, share), predicted)
    assert (select(found, "none", 0.9, share) == IGNORED).all()
    confident = select(found, "confident", 0.6, share)
    assert np.array_equal(confident != IGNORED, found.max(1) >= 0.6)
    balanced = select(found, "balanced", 0.6, share)
    for labels in (confident, balanced):
        assert np.array_equal(labels[labels != IGNORED], predicted[labels != IGNORED])


@given(count=st.integers(20, 200), seed=st.integers(0, 1000))
def test_balanced_labels_are_the_most_confident_and_equally_many_where_there_are_enough(
    count, seed
) -> None:
    found = random(count, seed)
    labels, most = select(found, "balanced", 0, 0.5), round(0.5 * count / 10)
    for digit in range(10):
        members = np.flatnonzero(found.argmax(1) == digit)
        kept = labels == digit
        assert kept.sum() == min(most, len(members))
        left = np.setdiff1d(members, np.flatnonzero(kept))
        if kept.any() and len(left):
            assert found[kept].max(1).min() >= found[left].max(1).max()


def test_an_order_takes_labelled_pictures_equally_often() -> None:
    labels = np.array([3, IGNORED, 5, IGNORED, 7])
    order = order_of(labels, 8, np.random.default_rng(0))
    counts = np.bincount(order, minlength=5)
    assert len(order) == 8 and counts[[1, 3]].sum() == 0 and set(counts[[0, 2, 4]]) == {2, 3}
    assert len(order_of(np.full(5, IGNORED), 8, np.random.default_rng(0))) == 8
