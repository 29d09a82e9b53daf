"""The statistics agree with statsmodels, with closed forms, and keep their level."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import binom_test, proportion_confint

from report.document import statistics
from report.document.claims import holm
from report.document.estimates import alike, apart


def reference(table: list[list[int]], **options: bool) -> Any:
    return reference_mcnemar(table, **options)


Z = float(stats.norm.ppf(0.975))
PAIRED = st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(1, 400)).map(
    lambda drawn: (drawn[0], drawn[1], sum(drawn))
)


@given(PAIRED)
def test_mcnemar_is_that_of_statsmodels(drawn):
    b, c, n = drawn
    expected = reference([[n - b - c, b], [c, 0]], exact=True).pvalue
    found = statistics.mcnemar(b, c, n)
    assert found.p == pytest.approx(expected, abs=1e-12)
    assert found.difference == (b - c) / n
    assert found.low <= found.difference <= found.high


def most_likely_score(b: int, c: int, n: int, d: float) -> float:
    """McNemar's score at difference d, the other parameter found by maximising the likelihood."""

    def loss(q: float) -> float:
        chances = np.array([q + d, q, 1 - 2 * q - d])
        return -float(np.sum(np.array([b, c, n - b - c]) * np.log(np.maximum(chances, 1e-300))))

    found = optimize.minimize_scalar(
        loss, bounds=(max(0, -d), (1 - d) / 2), method="bounded", options={"xatol": 1e-12}
    )
    return (b - c - n * d) / np.sqrt(n * (2 * found.x + d - d * d))


@pytest.mark.parametrize(("b", "c", "n"), [(12, 4, 60), (3, 9, 40), (40, 31, 2985), (1, 1, 10)])
def test_at_the_ends_of_tangos_interval_the_score_of_the_likelihood_is_just_significant(b, c, n):
    low, high = statistics.tango(b, c, n)
    assert most_likely_score(b, c, n, low) == pytest.approx(Z, abs=1e-3)
    assert most_likely_score(b, c, n, high) == pytest.approx(-Z, abs=1e-3)


@given(PAIRED)
def test_tangos_interval_holds_zero_just_where_mcnemars_statistic_is_not_significant(drawn):
    b, c, n = drawn
    low, high = statistics.tango(b, c, n)
    chi_squared = (
        reference([[n - b - c, b], [c, 0]], exact=False, correction=False).statistic if b + c else 0
    )
    assert (low <= 0 <= high) == (chi_squared <= Z**2)


@given(PAIRED)
def test_tangos_interval_of_the_classifiers_exchanged_is_the_mirror_image(drawn):
    b, c, n = drawn
    low, high = statistics.tango(b, c, n)
    assert statistics.tango(c, b, n) == pytest.approx((-high, -low), abs=1e-8)


@pytest.mark.parametrize("n", [1, 15, 2985])
def test_without_a_discordant_image_tangos_interval_has_a_closed_form(n):
    end = Z**2 / (n + Z**2)
    assert statistics.tango(0, 0, n) == pytest.approx((-end, end), abs=1e-9)


def test_an_interval_of_impossible_counts_is_refused():
    with pytest.raises(ValueError, match="3 and 4 of 5 images"):
        statistics.tango(3, 4, 5)


@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_holm_is_that_of_statsmodels(count):
    p_values = list(np.random.default_rng(count).uniform(0, 0.2, count))
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])


def test_holm_of_nothing_is_nothing():
    assert holm([]) == []


@given(
    st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.01, 0.99)
)
def test_a_share_against_a_constant_is_the_binomial_test_with_wilsons_interval(counts, constant):
    right, total = counts
    found = statistics.share_against(right, total, constant)
    low, high = proportion_confint(right, total, method="wilson")
    assert found.p == pytest.approx(binom_test(right, total, constant), abs=1e-9)
    assert (found.low + constant, found.high + constant) == pytest.approx((low, high), abs=1e-9)


def test_the_mean_of_seeds_against_a_constant_is_students_t_test():
    values, constant = [0.71, 0.74, 0.69, 0.73], 0.70
    found = statistics.mean_against(values, constant)
    error = np.std(values, ddof=1) / 2
    half = stats.t.ppf(0.975, 3) * error
    assert found.difference == pytest.approx(0.0175)
    assert (found.low, found.high) == pytest.approx((0.0175 - half, 0.0175 + half))
    assert found.p == pytest.approx(2 * stats.t.sf(0.0175 / error, 3))


def test_the_bootstrap_of_two_means_has_the_width_of_normal_theory():
    rng = np.random.default_rng(0)
    first, second = rng.normal(1, 2, 30), rng.normal(0, 3, 40)
    found = statistics.bootstrap(list(first), list(second))
    error = np.sqrt(first.var(ddof=1) / 30 + second.var(ddof=1) / 40)
    assert found.difference == pytest.approx(first.mean() - second.mean())
    assert found.high - found.low == pytest.approx(2 * Z * error, rel=0.05)
    assert statistics.bootstrap(list(first), list(second)) == found


@pytest.mark.parametrize(("a", "b"), [(3, 3), (4, 4), (5, 3)])
def test_the_bootstrap_of_few_seeds_says_no_more_than_welchs_t_test(a, b):
    first, second = [2.0 + k for k in range(a)], [0.0 + k for k in range(b)]
    found = statistics.bootstrap(first, second)
    error = np.sqrt(np.var(first, ddof=1) / a + np.var(second, ddof=1) / b)
    parts = [np.var(x, ddof=1) / len(x) for x in (first, second)]
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / (a - 1) + parts[1] ** 2 / (b - 1))
    expected = 2 * stats.t.sf((np.mean(first) - np.mean(second)) / error, freedom)
    assert found.p == pytest.approx(max(expected, 2 / 10_001), abs=0.02)
    assert found.p >= expected * (1 - 1e-9)


def test_the_bootstrap_of_the_samples_exchanged_is_the_mirror_image():
    first, second = [0.71, 0.74, 0.69, 0.73], [0.70, 0.68, 0.72, 0.66]
    there, back = statistics.bootstrap(first, second), statistics.bootstrap(second, first)
    assert back.difference == pytest.approx(-there.difference)
    assert back.p == pytest.approx(there.p, rel=0.1)


def test_equal_means_are_not_told_apart():
    found = statistics.bootstrap([1.0, 2.0, 3.0], [3.0, 2.0, 1.0])
    assert (found.difference, found.p) == (0, 1)


def test_samples_without_variance_have_a_difference_and_no_p():
    for values in ([1.0, 1.0, 1.0], [0.1 + 0.2, 0.3, 0.3]):
        for found in (statistics.bootstrap(values, [0.2] * 3), statistics.mean_against(values, 0.2)):
            assert found.difference == pytest.approx(values[1] - 0.2)
            assert np.isnan([found.p, found.low, found.high]).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("same", [[0.3] * 3, [0.1 + 0.2, 0.3, 0.3]])
def test_a_sample_that_varies_is_compared_with_one_that_does_not(same):
    varies = [0.71, 0.74, 0.69, 0.73]
    found = statistics.bootstrap(varies, same)
    assert 0 < found.low < found.difference < found.high
    expected: Any = stats.ttest_1samp(varies, 0.3)  # of Welch's test, where the other has no variance
    assert statistics.welch(varies, same) == pytest.approx(expected.pvalue)


def test_numbers_are_alike_up_to_rounding_whatever_their_size():
    assert alike([0.1 + 0.2, 0.3]) and alike([1e6 + 1e-9, 1e6]) and alike([0.0, 0.0]) and alike([7.0])
    assert not alike([1e-15, 2e-15]) and not alike([0.3, 0.3 + 1e-9]) and not alike([-1.0, 1.0])
    assert alike([1 - 2 / 3, 1 / 3], size=1.0)
    assert apart(0.1 + 0.2, 0.3) == 0 and apart(0.5, 0.25) == 0.25
