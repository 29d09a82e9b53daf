"""The test behind a claim about pairs: two measurements of the same pictures, or with the same seeds."""

from collections.abc import Iterable
from dataclasses import replace

from report.document.estimates import alike, apart, estimate
from report.document.hypotheses import FEWEST_SEEDS, Outcome, outcome, untested
from report.document.numbers import declared, leaves, number, require_shares
from report.document.values import Value
from report.errors import ColophonError

FEWEST_FLIPPED = 12  # fewer pairs have too few sign patterns: the least p of 11 is 0.001


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
    pairs = [(number(x), number(y)) for x, y in zip(first, second, strict=True)]
    differences = [apart(*pair) for pair in pairs]
    same = alike(differences, size=max(abs(one) for pair in pairs for one in pair))
    if len(differences) >= FEWEST_FLIPPED:
        test, made = "paired, sign flips", estimate("by_flips", differences)
    elif not same:
        test, made = "paired t-test", estimate("by_student", differences)
    else:
        reason = f"the difference is the same for all {over}"
        return untested("paired t-test", differences[0], declared(first[0]), counts, counted, reason)
    if shares:
        made = made.within(-1, 1)
    found = outcome(test, made, 1, declared(first[0]), counts, counted)
    if shares and same:
        return replace(found, low=None, high=None, counted=f"{counted}, all alike")
    return found
