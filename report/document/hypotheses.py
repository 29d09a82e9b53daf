"""The tests that a claim may rest on, as templates call them: from metrics to an outcome.

Each takes what is claimed as a direction (the first is better, the value is above, …) and tests
against both sides, so that a claim can hold, fail, or stay undecided.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import isnan, nan
from typing import Any

import numpy as np

from report.document.estimates import Estimate, alike, apart, estimate
from report.document.numbers import (
    answers,
    declared,
    leaves,
    number,
    refuse_estimate,
    require_shares,
    require_unit,
)
from report.document.values import Value, is_interval
from report.errors import ColophonError

FEWEST_SEEDS = 3


@dataclass(frozen=True)
class Outcome:
    """What a test found, before the correction for how many there are.

    Attributes:
        test: its name in words.
        direction: 1 where the numbers lie as claimed, -1 where they lie the other way, else 0.
        p: the two-sided p-value; None where nothing was drawn by chance, or nothing can be tested.
        difference, low, high: of what is claimed to differ, in `unit`, with its 95 % interval.
        unit: as printed; a difference of fractions is in `points`.
        digits: digits after the point to print; None for four significant ones and all before the point.
        counts: what the test counted, by name.
        counted: the same in a few words.
        exact: whether the numbers decide by themselves, without chance and without a p-value.
        reason: why nothing can be tested.
    """

    test: str
    direction: int
    p: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""
    digits: int | None = None
    counts: dict[str, int] = field(default_factory=dict)
    counted: str = ""
    exact: bool = False
    reason: str = ""


def mcnemar(a: Value, b: Value) -> Outcome:
    """Classifier `a` is claimed to be better than `b`: the exact McNemar test on their test images.

    Args:
        a, b: groups of metrics whose `correct` names a bool array (n,) beside `labels.npy`.

    Raises ColophonError where they were not tested on the same images.
    """
    right, labels = answers(a)
    other, other_labels = answers(b)
    if not np.array_equal(labels, other_labels):
        raise ColophonError(
            f"{a._name()} and {b._name()} were tested on different images",
            "McNemar's test needs the answers of both on the same test set: compare others.",
        )
    first, second = int(np.sum(right & ~other)), int(np.sum(~right & other))
    counts = {"images": len(labels), "only the first right": first, "only the second right": second}
    found = estimate("mcnemar", first, second, len(labels))
    counted = f"{first:,} and {second:,} of {len(labels):,} images right alone"
    return outcome("McNemar, exact", found, 1, ("fraction", 1), counts, counted)


def bootstrap(a: Iterable[Value], b: Iterable[Value], path: str = "", shares: bool = False) -> Outcome:
    """The mean of `a` over seeds is claimed to be above that of `b`: bootstrap of the difference.

    Args:
        a, b: a value a seed, such as `all_results(…)`; at least 3 of each that are not all alike on
            both sides, otherwise undecided.
        path: leads from each of them to the number, `test.accuracy`.
        shares: whether the numbers are shares of a whole: the interval then ends at -1 and 1.
    """
    first, second = leaves(a, path), leaves(b, path)
    test = "bootstrap over seeds"
    counts = {"seeds of the first": len(first), "seeds of the second": len(second)}
    counted = f"{len(first)} and {len(second)} seeds"
    if min(len(first), len(second)) < FEWEST_SEEDS:
        reason = f"fewer than {FEWEST_SEEDS} seeds a side"
        return Outcome(test, 0, counts=counts, counted=counted, reason=reason)
    if declared(first[0])[0] != declared(second[0])[0]:
        raise ColophonError(
            f"{first[0]._name()} and {second[0]._name()} have different units", "Compare like with like."
        )
    if shares:
        require_shares([*first, *second])
    numbers = [[number(value) for value in side] for side in (first, second)]
    found = estimate("bootstrap", *numbers)
    if isnan(found.p):
        reason = "all seeds of a side gave the same number"
        return untested(test, found.difference, declared(first[0]), counts, counted, reason)
    if shares:
        found = found.within(-1, 1)
    return outcome(test, found, 1, declared(first[0]), counts, counted)


def against(
    value: Value | Sequence[Value],
    constant: Any,
    below: bool = False,
    path: str = "",
    over: str = "seeds",
    shares: bool = False,
) -> Outcome:
    """`value` is claimed to be above `constant` (or below it).

    Args:
        value: an accuracy with its counts (exact binomial test), a list over seeds (Student's
            t-test), or an exact number (decided without a test).
        constant: a number, in the unit of the metrics: 0.5 for 50 %; or a value.
        path: leads from each seed of a list to the number.
        over: what a list is over, for the table of claims: seeds, images.
        shares: a list's numbers lie between 0 and 1, and so does their mean: the interval ends there.

    Raises ColophonError for what is no metric or has another unit than the constant, for an estimate
    without its counts, for an accuracy against a constant that is no fraction, and for shares below 0
    or above 1.
    """
    threshold, sign = number(constant), -1 if below else 1
    if isinstance(value, list | tuple) or (isinstance(value, Value) and isinstance(value._raw, list)):
        found = leaves(value, path)
        for one in found:
            require_unit(one, constant)
        if shares:
            require_shares(found)
        return over_seeds(found, threshold, sign, over, shares)
    if not isinstance(value, Value):
        raise ColophonError(f"against({value!r}, …): not a value of a stage", "Name a metric.")
    require_unit(value, constant)
    unit, digits = declared(value)
    if not is_interval(value._raw):
        refuse_estimate(value)
        return exact("comparison of exact numbers", apart(number(value), threshold), sign, unit, digits)
    if not {"correct", "total"} <= value._raw.keys():
        raise ColophonError(
            f"{value._name()} has an interval but no counts (correct, total)",
            "Give the list of its values over the seeds.",
        )
    if not 0 <= threshold <= 1:
        raise ColophonError(
            f"{value._name()} is a fraction, which {threshold:g} is not", "Write 50 % as 0.5."
        )
    right, total = value._raw["correct"], value._raw["total"]
    found = estimate("share_against", right, total, threshold)
    counts = {"images": total, "right": right}
    return outcome("binomial, exact", found, sign, (unit, digits), counts, f"{right:,} of {total:,} right")


def equals(value: Value, other: Any, tolerance: float = 0.0) -> Outcome:
    """Two exact numbers are claimed to be equal, or to differ by `tolerance` at most.

    Raises ColophonError for estimates, which no two samples give alike, and for different units.
    """
    for one in (value, other):
        if isinstance(one, Value):
            refuse_estimate(one)
    require_unit(value, other)
    difference = apart(number(value), number(other))
    as_far = alike((abs(difference), tolerance), size=abs(number(value)))  # 0.4 and 0.3 are 0.1 apart
    words = "within a tolerance" if tolerance else "equality"
    unit, digits = declared(value)
    found = exact(f"{words} of exact numbers", difference, 1, unit, digits)
    return replace(found, direction=1 if abs(difference) <= tolerance or as_far else -1)


def ordered(values: Iterable[Value], direction: str) -> Outcome:
    """The accuracies of classifiers are claimed to rise (or fall) at every step along a sequence.

    Each step is an exact McNemar test. The claim holds only if every step does (intersection-union
    test: p is the largest, uncorrected; Berger 1982, Technometrics 24). It fails if any step goes
    the other way: p is then the smallest of those, times the number of steps.

    Args:
        values: classifiers, as for `mcnemar`, at least two.
        direction: `increasing` or `decreasing`.
    """
    sequence = list(values)
    if direction not in ("increasing", "decreasing"):
        raise ColophonError(f"ordered(…, {direction!r}): no such order", "increasing or decreasing.")
    if len(sequence) < 2:
        raise ColophonError(f"ordered(…, {direction!r}): {len(sequence)} values make no order", "Give two.")
    if direction == "decreasing":
        sequence.reverse()
    steps = [mcnemar(later, earlier) for earlier, later in pairwise(sequence)]
    against_it = [step.p or 0.0 for step in steps if step.direction < 0]
    if against_it:
        sign, p = -1, min(1.0, len(steps) * min(against_it))
    elif all(step.direction > 0 for step in steps):
        sign, p = 1, max(step.p or 0.0 for step in steps)
    else:
        sign, p = 0, 1.0
    ends = mcnemar(sequence[-1], sequence[0])
    counts = {"images": ends.counts["images"], "steps": len(steps), "against the order": len(against_it)}
    counted = f"{len(steps)} steps, {len(against_it)} against the order; {counts['images']:,} images"
    test = "McNemar, exact, at each step"
    return replace(ends, test=test, direction=sign, p=p, counts=counts, counted=counted)


TESTS = (mcnemar, bootstrap, against, equals, ordered)


def over_seeds(values: list[Value], threshold: float, sign: int, over: str, shares: bool) -> Outcome:
    """Student's t-test of the mean against `threshold`; where `shares`, its interval ends at 0 and 1."""
    test, counts, counted = f"t-test over {over}", {over: len(values)}, f"{len(values)} {over}"
    if len(values) < FEWEST_SEEDS:
        reason = f"fewer than {FEWEST_SEEDS} {over}"
        return Outcome(test, 0, counts=counts, counted=counted, reason=reason)
    found = estimate("mean_against", [number(value) for value in values], threshold)
    if isnan(found.p):
        reason = f"all {over} gave the same number"
        return untested(test, found.difference, declared(values[0]), counts, counted, reason)
    if shares:
        found = found.within(-threshold, 1 - threshold)
    return outcome(test, found, sign, declared(values[0]), counts, counted)


def outcome(
    test: str,
    estimate: Estimate,
    sign: int,
    declaration: tuple[str, int | None],
    counts: dict[str, int],
    counted: str,
) -> Outcome:
    """The estimate in the unit of print, its direction as claimed by `sign`."""
    unit, digits = declaration
    scale, printed = (100, "points") if unit == "fraction" else (1, unit)
    difference, low, high = (scale * x for x in (estimate.difference, estimate.low, estimate.high))
    direction = sign * int(np.sign(difference))
    return Outcome(test, direction, estimate.p, difference, low, high, printed, digits, counts, counted)


def untested(
    test: str,
    difference: float,
    declaration: tuple[str, int | None],
    counts: dict[str, int],
    counted: str,
    reason: str,
) -> Outcome:
    """A difference that is known, and that can't be tested for want of any variance."""
    found = outcome(test, Estimate(difference, nan, nan, nan), 1, declaration, counts, counted)
    return replace(found, direction=0, p=None, low=None, high=None, reason=reason)


def exact(test: str, difference: float, sign: int, unit: str, digits: int | None) -> Outcome:
    scale, printed = (100, "points") if unit == "fraction" else (1, unit)
    direction = 1 if sign * difference > 0 else -1  # equal is not above
    return Outcome(test, direction, difference=scale * difference, unit=printed, digits=digits, exact=True)
