"""The paired test agrees with scipy and with a closed form, keeps its level, and refuses what is no pair."""

import numpy as np
import pytest
from scipy import stats

from report.document.paired import paired
from report.document.statistics import by_flips
from report.errors import ColophonError
from tests.report.document.measured import Numbers, seeds, value_of


def test_few_pairs_are_compared_by_the_paired_t_test():
    first, second = [0.7, 0.8, 0.9, 0.85], [0.6, 0.75, 0.7, 0.8]
    found = paired(seeds(*first), seeds(*second), over="seeds")
    expected = stats.ttest_rel(first, second)
    low, high = expected.confidence_interval()
    assert (found.test, found.direction, found.unit) == ("paired t-test", 1, "points")
    assert (found.p, found.difference) == (pytest.approx(expected.pvalue), pytest.approx(10))
    assert (found.low, found.high) == (pytest.approx(100 * low), pytest.approx(100 * high))
    assert found.counts == {"seeds": 4}


def test_twelve_pairs_that_all_point_one_way_have_the_p_of_two_sign_patterns():
    lower = np.linspace(0.1, 0.5, 12)
    found = paired(seeds(*(lower + 0.1 + lower / 10)), seeds(*lower))
    assert (found.test, found.counted) == ("paired, sign flips", "12 images")
    assert found.p == pytest.approx(2 / 2**12)


def test_a_difference_that_is_the_same_everywhere_is_decided_only_by_many_pairs():
    many, few = [0.5] * 25, [0.5] * 5
    decided = paired(seeds(*[1.0] * 25), seeds(*many))
    assert decided.p is not None and decided.p < 0.001
    assert decided.low == decided.high == decided.difference == 50
    undecided = paired(seeds(*[1.0] * 5), seeds(*few))
    assert undecided.p is None and undecided.reason == "the difference is the same for all images"
    assert undecided.direction == 0 and (undecided.low, undecided.high) == (None, None)
    assert undecided.difference is not None  # what is known can be said
    rounded = paired(seeds(1.0, 1 / 3, 1.0), seeds(2 / 3, 0.0, 2 / 3))
    assert 1.0 - 2 / 3 != 1 / 3 and rounded.p is None  # rounding is no spread


def test_pairs_that_are_equal_but_for_rounding_do_not_differ():
    for count, p in ((12, 1.0), (25, 1.0), (5, None)):
        found = paired(seeds(*[0.1 + 0.2] * count), seeds(*[0.3] * count))
        assert (found.direction, found.difference, found.p) == (0, 0, p)


def test_the_interval_of_a_difference_of_shares_ends_where_the_difference_must():
    first, second = seeds(*[1.0] * 25), seeds(0.5, *[0.0] * 24)
    free, cut = paired(first, second), paired(first, second, shares=True)
    assert free.high is not None and free.high > 100
    assert (cut.low, cut.high) == (free.low, 100)
    assert (cut.p, cut.difference) == (free.p, free.difference)
    assert paired(second, first, shares=True).low == -100


def test_shares_that_differ_alike_in_every_pair_have_a_p_and_no_interval():
    first = seeds(*[1.0] * 20, *[2 / 3] * 5)
    second = seeds(*[2 / 3] * 20, *[1 / 3] * 5)  # the differences are equal but for rounding
    found = paired(first, second, shares=True)
    assert found.difference == pytest.approx(100 / 3) and found.p == paired(first, second).p
    assert (found.low, found.high, found.counted) == (None, None, "25 images, all alike")


def test_what_is_no_share_is_refused_where_shares_are_compared():
    with pytest.raises(ColophonError, match="which is no share"):
        paired(seeds(0.1, -0.2, 0.3), seeds(0.1, 0.2, 0.3), shares=True)


def test_pairs_exchanged_point_the_other_way_with_the_same_p():
    rng = np.random.default_rng(3)
    first, second = seeds(*rng.random(15)), seeds(*rng.random(15))
    there, back = paired(first, second), paired(second, first)
    assert back.direction == -there.direction and back.p == there.p


@pytest.mark.parametrize("size", [17, 25])  # more patterns of signs than are drawn
def test_drawn_sign_flips_give_the_p_of_scipys_permutation_test_but_for_the_draws(size: int):
    differences = np.random.default_rng(2).normal(0.4, 1.0, size)
    given = stats.permutation_test(
        (differences,),
        np.mean,
        permutation_type="samples",
        n_resamples=99_999,
        vectorized=True,
        rng=np.random.default_rng(1),
    )
    expected = float(given.pvalue)
    assert 0.01 < expected < 0.5
    assert by_flips(differences.tolist()).p == pytest.approx(
        expected, abs=6 * (2 * expected / 99_999) ** 0.5
    )


def test_without_a_difference_the_sign_flip_test_errs_in_one_case_of_twenty():
    rng = np.random.default_rng(1)
    p = [by_flips(sample).p for sample in rng.normal(size=(300, 12))]
    assert 0.02 <= np.mean(np.array(p) < 0.05) <= 0.09


def test_what_is_no_pair_is_refused_and_two_pairs_decide_nothing():
    with pytest.raises(ColophonError, match="3 values on one side, 2 on the other"):
        paired(seeds(0.1, 0.2, 0.3), seeds(0.1, 0.2))
    assert paired(seeds(0.1, 0.2), seeds(0.3, 0.4)).reason == "fewer than 3 images"
    whole = value_of(Numbers(data="digits", count=5, time=1.0, score=0.5, shares=[0.1, 0.2, 0.3]))
    with pytest.raises(ColophonError, match="have different units"):
        paired([whole.time] * 3, list(whole.shares))
