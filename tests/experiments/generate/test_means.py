"""Means over seeds of numbers that are no shares, and rank correlations."""

from typing import Any, cast

import numpy as np
import pytest
from scipy.stats import gmean, spearmanr, ttest_1samp

from experiments.generate.means import doublings, geometric, grey_levels, nats, number, share
from experiments.generate.ranks import rank_correlation


@pytest.mark.parametrize("of", [number, nats, grey_levels, doublings])
def test_means_and_their_intervals_agree_with_scipy(of) -> None:
    values = [3.0, 4.5, -2.0, 7.25]
    interval = ttest_1samp(values, 0).confidence_interval(0.95)
    found = of(values)
    assert (found.value, found.low, found.high) == pytest.approx((np.mean(values), *interval))
    assert (found.standard_deviation, found.count) == (pytest.approx(np.std(values, ddof=1)), 4)


def test_the_interval_of_a_share_ends_where_shares_end() -> None:
    assert (share([0.99, 0.9, 1.0]).high, share([0.0, 0.1]).low) == (1, 0)
    assert share([0.4, 0.5, 0.6]).low == number([0.4, 0.5, 0.6]).low


def test_a_geometric_mean_is_scipys_and_its_interval_that_of_the_logarithms() -> None:
    values = [2.0, 8.0, 4.0]
    found = geometric(values)
    low, high = ttest_1samp(np.log(values), 0).confidence_interval(0.95)
    assert (found.value, found.low, found.high) == pytest.approx((gmean(values), np.exp(low), np.exp(high)))
    assert found.factor == pytest.approx(2)
    with pytest.raises(ValueError, match="no geometric mean of 0"):
        geometric([1.0, 0.0])


def test_a_rank_correlation_is_scipys_ties_included() -> None:
    first, second = [1.0, 2, 2, 4, 5, 9, 0.5, 3], [10.0, 30, 20, 20, 90, 80, 15, 5]
    found = rank_correlation(first, second)
    assert found.value == pytest.approx(cast(Any, spearmanr(first, second)).statistic)
    assert found.low < found.value < found.high and found.count == 8


def test_the_interval_of_a_rank_correlation_covers_none_for_unrelated_numbers_and_is_short_for_many() -> (
    None
):
    rng = np.random.default_rng(0)
    unrelated = rank_correlation(rng.normal(size=200).tolist(), rng.normal(size=200).tolist())
    assert unrelated.low < 0 < unrelated.high and unrelated.high - unrelated.low < 0.4
    rising = np.arange(40.0).tolist()
    assert rank_correlation(rising, np.exp(rising).tolist()).low == pytest.approx(1)
    assert rank_correlation(rising, [1.0] * 40).value == 0
    with pytest.raises(ValueError, match="no rank correlation of 4"):
        rank_correlation([1.0, 2, 3, 4], [1.0, 2, 3, 4])
