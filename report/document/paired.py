"""The test behind a claim about pairs: two measurements of the same pictures, or with the same seeds."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import stats

from report.document.hypotheses import FEWEST_SEEDS, Outcome, declared, leaves, number, outcome
from report.document.statistics import LEVEL, SEED, Estimate
from report.document.values import Value
from report.errors import ColophonError

FEWEST_FLIPPED = 12  # fewer pairs have too few sign patterns: the least p of 11 is 0.001
FLIPS = 99_999
ALIKE = 1e-12  # differences such as 1 − 2/3 and 1/3 are the same up to rounding


def paired(
    a: Iterable[Value], b: Iterable[Value], path: str = "", over: str = "images", shares: bool = False
) -> Outcome:
    """The mean of `a` is claimed to be above that of `b`, measured in pairs.

    Args:
        a, b: metrics that are lists, or groups of metrics, one a pair and in the same order.
        path: leads from each of them to the number, `after.probability`.
        over: what the pairs are, for the table of claims: images, seeds.
        shares: both lie between 0 and 1, so that the interval ends where their difference must (a
            unit of `fraction` does not say so: a margin is one, too). Where every pair has the same
            difference there is none, as nothing then shows how far pairs may differ.

    Raises ColophonError for lists of different lengths or units, and for shares below 0 or above 1.
    Fewer than 3 pairs are undecided.
    """
    first, second = leaves(a, path), leaves(b, path)
    if len(first) != len(second):
        raise ColophonError(
            f"paired: {len(first)} values on one side, {len(second)} on the other",
            "Give both sides for the same pictures or seeds, in the same order.",
        )
    counts, counted = {over: len(first)}, f"{len(first)} {over}"
    if len(first) < FEWEST_SEEDS:
        reason = f"fewer than {FEWEST_SEEDS} {over}"
        return Outcome("paired test", 0, counts=counts, counted=counted, reason=reason)
    if declared(first[0])[0] != declared(second[0])[0]:
        raise ColophonError(
            f"{first[0]._name()} and {second[0]._name()} have different units", "Compare like with like."
        )
    if shares:
        require_shares([*first, *second])
    differences = np.array([number(x) - number(y) for x, y in zip(first, second, strict=True)])
    if len(differences) >= FEWEST_FLIPPED:
        test, estimate = "paired, sign flips", by_flips(differences)
    elif np.ptp(differences) > ALIKE * max(1.0, float(np.abs(differences).max())):
        test, estimate = "paired t-test", by_student(differences)
    else:
        same = float(differences[0])
        alike = Estimate(same, same, same, 1.0)
        found = outcome("paired t-test", alike, 1, declared(first[0]), counts, counted)
        reason = f"the difference is the same for all {over}"
        return replace(found, direction=0, p=None, low=None, high=None, reason=reason)
    if shares:
        estimate = replace(estimate, low=max(estimate.low, -1.0), high=min(estimate.high, 1.0))
    found = outcome(test, estimate, 1, declared(first[0]), counts, counted)
    if shares and np.ptp(differences) < ALIKE:
        return replace(found, low=None, high=None, counted=f"{counted}, all alike")
    return found


def require_shares(values: Iterable[Value]) -> None:
    for value in values:
        if not 0 <= number(value) <= 1:
            raise ColophonError(
                f"paired: {value._name()} is {number(value):g}, which is no share",
                "Leave out shares=true, or compare numbers between 0 and 1.",
            )


def by_flips(differences: np.ndarray) -> Estimate:
    """The mean of differences (n,), n at least 12, by the sign-flip test (Fisher 1935, section 21).

    Were the two measurements exchangeable, each difference could as well have the other sign: p is
    the share of sign patterns whose mean is as far from 0, of all of them or of 99,999 drawn ones.
    The interval is Student's.
    """
    rng = np.random.default_rng(SEED)
    found: Any
    if 2 ** len(differences) <= FLIPS:
        found = stats.permutation_test(
            (differences,), np.mean, permutation_type="samples", n_resamples=FLIPS, vectorized=True
        )
    else:  # the same test as above would draw them too, in eight times the time
        found = stats.monte_carlo_test(
            differences,
            lambda size: rng.choice((-1.0, 1.0), size) * np.abs(differences),
            np.mean,
            n_resamples=FLIPS,
            vectorized=True,
        )
    low, high = student_interval(differences)
    return Estimate(float(differences.mean()), low, high, min(1.0, float(found.pvalue)))


def by_student(differences: np.ndarray) -> Estimate:
    """The mean of differences (n,) that are not all the same, by Student's t-test."""
    found: Any = stats.ttest_1samp(differences, 0.0)
    low, high = student_interval(differences)
    return Estimate(float(differences.mean()), low, high, float(found.pvalue))


def student_interval(values: np.ndarray) -> tuple[float, float]:
    """The 95 % interval of the mean of `values` (n,); a point where they are all the same."""
    centre, error = float(values.mean()), float(stats.sem(values))
    half = float(stats.t.ppf(0.5 + LEVEL / 2, len(values) - 1)) * error
    return centre - half, centre + half
