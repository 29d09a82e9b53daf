"""The statistics that claims and comparisons rest on: plain numbers in, plain numbers out.

Documents ask for them through estimates.py, which knows what it was asked before.
"""

from collections.abc import Sequence
from math import nan, sqrt
from typing import Any

import numpy as np
from scipy import optimize, stats
from scipy.special import stdtrit

from report.document.estimates import Estimate, alike

LEVEL = 0.95
RESAMPLES = 10_000
FLIPS = 99_999
SEED = 20_060_617  # of the resampling: any number, but always the same


def mcnemar(first: int, second: int, total: int) -> Estimate:
    """Two classifiers on the same `total` images: the exact McNemar test and Tango's interval.

    Under no difference the images that only one of the two gets right fall to either with equal
    chance, so p is that of a binomial test (McNemar 1947, Psychometrika 12; Liddell 1983).

    Args:
        first: images that only the first gets right.
        second: images that only the second gets right.
        total: images, at least `first + second` and 1.
    """
    discordant = first + second
    p = float(stats.binomtest(first, discordant, 0.5).pvalue) if discordant else 1.0
    low, high = tango(first, second, total)
    return Estimate((first - second) / total, low, high, p)


def tango(first: int, second: int, total: int) -> tuple[float, float]:
    """The score interval of the difference of two paired proportions (Tango 1998, Stat. Med. 17).

    It holds each difference d for which the score statistic, with the other parameter at its most
    likely value under d, lies within the 95 % of the normal distribution:

        T(d) = (b - c - n d) / sqrt(n (2 q + d (1 - d))),
        q = (sqrt(B^2 - 8 n C) - B) / (4 n),  B = (2 n - b + c) d - b - c,  C = -c d (1 - d).

    At d = 0 this is McNemar's statistic. It keeps its level where few images are discordant, where
    the textbook interval (Wald's) is too short. Returns fractions within [-1, 1].
    """
    b, c, n = first, second, total
    if min(b, c) < 0 or n < 1 or b + c > n:
        raise ValueError(f"no interval for {b} and {c} of {n} images")
    z = float(stats.norm.ppf(0.5 + LEVEL / 2))

    def score(d: float) -> float:
        slope = (2 * n - b + c) * d - b - c
        q = (sqrt(max(0.0, slope**2 + 8 * n * c * d * (1 - d))) - slope) / (4 * n)
        return (b - c - n * d) / sqrt(max(n * (2 * q + d * (1 - d)), 1e-300))

    edge = 1 - 1e-12
    middle = (b - c) / n
    low: Any = -1.0 if c == n else optimize.brentq(lambda d: score(d) - z, -edge, middle)
    high: Any = 1.0 if b == n else optimize.brentq(lambda d: score(d) + z, middle, edge)
    return float(low), float(high)


def bootstrap(first: Sequence[float], second: Sequence[float]) -> Estimate:
    """The difference of two means over seeds, by the percentile bootstrap.

    Each sample is first stretched about its mean by sqrt(n / (n - 1)), since resampling n values
    understates their variance by (n - 1) / n (Davison and Hinkley 1997, section 2.3.2). p is
    twice the share of resampled differences on the other side of 0, but not less than the p-value
    of Welch's t-test, since the far tails of a few values that are resampled are too thin. p and the
    interval are NaN where neither sample varies: nothing then shows how far seeds may differ.

    Args:
        first, second: a number a seed, at least 2 of each.
    """
    difference = float(np.mean(first) - np.mean(second))
    if alike(first) and alike(second):
        return Estimate(difference, nan, nan, nan)
    samples = [stretched(first), stretched(second)]
    done = stats.bootstrap(
        samples,
        mean_difference,
        n_resamples=RESAMPLES,
        confidence_level=LEVEL,
        method="percentile",
        rng=np.random.default_rng(SEED),
    )
    resampled = done.bootstrap_distribution
    tail = min(np.sum(resampled <= 0), np.sum(resampled >= 0))
    p = max(2 * (1 + int(tail)) / (RESAMPLES + 1), welch(first, second))
    low, high = done.confidence_interval
    return Estimate(difference, float(low), float(high), min(1.0, p))


def welch(first: Sequence[float], second: Sequence[float]) -> float:
    """The two-sided p-value of Welch's t-test of samples of which one may not vary."""
    moments = [(np.mean(x), np.std(x, ddof=1), len(x)) for x in (first, second)]
    found: Any = stats.ttest_ind_from_stats(*moments[0], *moments[1], equal_var=False)
    return float(found.pvalue)


def mean_difference(first: np.ndarray, second: np.ndarray, axis: int = -1) -> np.ndarray:
    return np.mean(first, axis=axis) - np.mean(second, axis=axis)


def stretched(values: Sequence[float]) -> np.ndarray:
    """`values` (n,) about their mean, so that their variance over n is the unbiased one."""
    array = np.asarray(values, float)
    return array.mean() + (array - array.mean()) * sqrt(len(array) / (len(array) - 1))


def share_against(right: int, total: int, constant: float) -> Estimate:
    """The share `right / total` less `constant`: exact binomial test, Wilson's interval."""
    test = stats.binomtest(right, total, constant)
    interval = test.proportion_ci(LEVEL, method="wilson")
    share = right / total
    return Estimate(share - constant, interval.low - constant, interval.high - constant, float(test.pvalue))


def mean_against(values: Sequence[float], constant: float) -> Estimate:
    """The mean of `values` (at least 2) less `constant`: Student's t-test and interval.

    p and the interval are NaN where the values are all alike.
    """
    difference = float(np.mean(values)) - constant
    if alike(values):
        return Estimate(difference, nan, nan, nan)
    test: Any = stats.ttest_1samp(values, constant)
    interval = test.confidence_interval(LEVEL)
    return Estimate(difference, interval.low - constant, interval.high - constant, float(test.pvalue))


def wilson(share: float, total: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a published share of `total`, the nearest whole number of it right."""
    interval = stats.binomtest(round(share * total), total).proportion_ci(LEVEL, method="wilson")
    return interval.low, interval.high


def by_flips(differences: Sequence[float]) -> Estimate:
    """The mean of differences (n,), n at least 12, by the sign-flip test (Fisher 1935, section 21).

    Were the two measurements exchangeable, each difference could as well have the other sign: p is
    the share of sign patterns whose mean is as far from 0, of all of them or of 99,999 drawn ones.
    The interval is Student's.
    """
    values, rng = np.asarray(differences, float), np.random.default_rng(SEED)
    found: Any
    if 2 ** len(differences) <= FLIPS:
        found = stats.permutation_test(
            (values,), np.mean, permutation_type="samples", n_resamples=FLIPS, vectorized=True
        )
    else:  # the same test as above would draw them too, in eight times the time
        found = stats.monte_carlo_test(
            values,
            lambda size: rng.choice((-1.0, 1.0), size) * np.abs(values),
            np.mean,
            n_resamples=FLIPS,
            vectorized=True,
        )
    low, high = student_interval(values)
    return Estimate(float(values.mean()), low, high, min(1.0, float(found.pvalue)))


def by_student(differences: Sequence[float]) -> Estimate:
    """The mean of differences (n,) that are not all the same, by Student's t-test."""
    values = np.asarray(differences, float)
    found: Any = stats.ttest_1samp(values, 0.0)
    low, high = student_interval(values)
    return Estimate(float(values.mean()), low, high, float(found.pvalue))


def student_interval(values: np.ndarray) -> tuple[float, float]:
    """The 95 % interval of the mean of `values` (n,); a point where they are all the same."""
    centre, error = float(values.mean()), float(stats.sem(values))
    half = float(stats.t.ppf(0.5 + LEVEL / 2, len(values) - 1)) * error
    return centre - half, centre + half


def student_quantile(freedom: int) -> tuple[float]:
    """The 97.5 % quantile of Student's distribution with `freedom` degrees of freedom."""
    return (float(stdtrit(freedom, 0.5 + LEVEL / 2)),)
