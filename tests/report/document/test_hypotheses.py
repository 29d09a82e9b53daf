"""The tests behind claims: what they count, which way they point, and what they refuse."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar

from report.document.hypotheses import Outcome, against, bootstrap, equals, mcnemar, ordered
from report.document.published import Entry, Published, Source
from report.document.values import Value
from report.errors import ColophonError
from tests.report.document.measured import Numbers, accuracy, classifier, seeds, value_of

GOOD = [1] * 18 + [0] * 2 + [1] * 20
POOR = [0] * 18 + [1] * 2 + [1] * 20
NUMBERS = Numbers(data="digits", count=5, time=2.5, score=0.5, shares=[0.5, 0.6])


def test_mcnemar_counts_the_images_that_only_one_gets_right_and_gives_points(tmp_path: Path):
    found = mcnemar(classifier(tmp_path, GOOD, "good"), classifier(tmp_path, POOR, "poor"))
    assert found.counts == {"images": 40, "only the first right": 18, "only the second right": 2}
    assert (found.direction, found.difference, found.unit) == (1, pytest.approx(40), "points")
    table = np.array([[20, 18], [2, 0]])
    assert found.p == pytest.approx(reference_mcnemar(table, exact=True).pvalue)  # type: ignore[attr-defined]  # untyped


def test_the_classifiers_exchanged_point_the_other_way_with_the_same_p(tmp_path: Path):
    good, poor = classifier(tmp_path, GOOD, "good"), classifier(tmp_path, POOR, "poor")
    there, back = mcnemar(good, poor), mcnemar(poor, good)
    assert back.direction == -there.direction and back.p == there.p
    assert (back.low, back.high) == pytest.approx((-(there.high or 0), -(there.low or 0)))
    same = mcnemar(good, good)
    assert (same.direction, same.p, same.difference) == (0, 1, 0)


def test_classifiers_of_different_test_images_are_refused(tmp_path: Path):
    a, longer = classifier(tmp_path / "a", GOOD), classifier(tmp_path / "b", [*GOOD, 1])
    other = classifier(tmp_path / "c", GOOD)
    np.save(tmp_path / "c/labels.npy", np.zeros(40, int))
    for b in (longer, other):
        with pytest.raises(ColophonError, match="were tested on different images"):
            mcnemar(a, b)


def test_what_is_no_classifier_is_refused_by_name(tmp_path: Path):
    fit = classifier(tmp_path, GOOD)
    with pytest.raises(ColophonError, match=r"part/stage: accuracy is not a classifier: .* is a int"):
        mcnemar(fit.accuracy, fit)
    np.save(tmp_path / "correct-net.npy", np.ones(3, bool))
    with pytest.raises(ColophonError, match="has 3 answers for 40 labels"):
        mcnemar(fit, fit)
    (tmp_path / "correct-net.npy").unlink()
    with pytest.raises(ColophonError, match=r"part/stage has no correct-net\.npy"):
        mcnemar(fit, fit)


def test_the_interval_of_a_difference_of_shares_ends_where_that_does():
    high, low = seeds(1.0, 0.7, 1.0), seeds(0.0, 0.3, 0.0)
    wide, cut = bootstrap(high, low), bootstrap(high, low, shares=True)
    assert wide.high is not None and wide.high > 100  # points
    assert (cut.difference, cut.low, cut.p, cut.high) == (wide.difference, wide.low, wide.p, 100)
    assert bootstrap(low, high, shares=True).low == -100
    with pytest.raises(ColophonError, match=r"is 1\.2, which is no share"):
        bootstrap(seeds(0.9, 1.2, 0.8), low, shares=True)


def test_the_interval_of_a_mean_of_shares_ends_where_shares_do():
    high, low = seeds(0.99, 0.9, 0.7, 0.98), seeds(0.01, 0.02, 0.3, 0.0)
    wide = against(high, 0.1)
    assert wide.high is not None and wide.high > 90  # points: above 100 %
    cut = against(high, 0.1, shares=True)
    assert (cut.difference, cut.low, cut.p) == (wide.difference, wide.low, wide.p)
    assert cut.high == pytest.approx(90)
    assert against(low, 0.1, shares=True, below=True).low == pytest.approx(-10)
    with pytest.raises(ColophonError, match=r"is 1\.2, which is no share\n.*Leave out shares=true"):
        against(seeds(0.9, 1.2, 0.8), 0.5, shares=True)


def test_few_seeds_leave_a_claim_undecided_and_say_why():
    found = bootstrap(seeds(0.9, 0.91), seeds(0.1, 0.2, 0.3))
    assert (found.p, found.direction, found.reason) == (None, 0, "fewer than 3 seeds a side")
    assert against(seeds(0.9, 0.8), 0.5).reason == "fewer than 3 seeds"
    assert against(seeds(0.9, 0.9, 0.9), 0.5).reason == "all seeds gave the same number"


def test_seeds_that_do_not_vary_on_either_side_leave_a_claim_undecided_and_say_why():
    for first, second, points in ((0.91, 0.9, 1), (0.1 + 0.2, 0.3, 0)):
        found = bootstrap(seeds(*[first] * 3), seeds(*[second] * 3))
        assert (found.p, found.low, found.high, found.direction) == (None, None, None, 0)
        assert found.reason == "all seeds of a side gave the same number"
        assert found.difference == pytest.approx(points)  # what is known can be said
    rounded = against(seeds(0.1 + 0.2, 0.3, 0.3), 0.25)
    assert (rounded.p, rounded.reason) == (None, "all seeds gave the same number")
    assert rounded.difference == pytest.approx(5)


def test_the_bootstrap_takes_groups_with_a_path_and_gives_points(tmp_path: Path):
    high = [classifier(tmp_path / f"h{k}", [1] * (30 + k) + [0] * 10) for k in range(5)]
    low = [classifier(tmp_path / f"l{k}", [1] * (10 + k) + [0] * 30) for k in range(5)]
    found = bootstrap(high, low, "accuracy")
    assert found.direction == 1 and found.unit == "points" and found.p is not None and found.p < 0.01
    expected = 100 * (
        np.mean([v.accuracy.value._raw for v in high]) - np.mean([v.accuracy.value._raw for v in low])
    )
    assert found.difference == pytest.approx(expected)


@pytest.mark.parametrize(
    ("right", "constant", "below", "direction"),
    [(90, 0.5, False, 1), (90, 0.5, True, -1), (10, 0.5, True, 1)],
)
def test_an_accuracy_against_a_constant_points_as_claimed(
    right: int, constant: float, below: bool, direction: int
):
    found = against(value_of(accuracy(right, 100)), constant, below=below)
    assert (found.direction, found.exact, found.counts) == (
        direction,
        False,
        {"images": 100, "right": right},
    )
    assert found.difference == pytest.approx(100 * (right / 100 - constant))


def test_exact_numbers_are_decided_without_a_test():
    numbers = value_of(NUMBERS)
    assert holds(against(numbers.count, 4)) and not holds(against(numbers.count, 5))
    assert not holds(against(numbers.count, numbers.count))
    assert holds(against(numbers.time, 3, below=True))
    assert holds(equals(numbers.count, 5)) and not holds(equals(numbers.count, 6))
    assert holds(equals(numbers.time, 2.4, tolerance=0.2)) and not holds(equals(numbers.time, 2.4))


def test_exact_numbers_that_are_equal_but_for_rounding_are_equal():
    numbers = value_of(replace_numbers(time=0.1 + 0.2, score=0.4))
    assert holds(equals(numbers.time, 0.3)) and not holds(against(numbers.time, 0.3))
    assert holds(equals(numbers.score, 0.3, tolerance=0.1))
    assert not holds(equals(numbers.score, 0.3, tolerance=0.09))


def replace_numbers(**changed: float) -> Numbers:
    return NUMBERS.model_copy(update=changed)


def holds(found: Outcome) -> bool:
    assert found.exact and found.p is None
    return found.direction > 0


def test_an_estimate_does_not_pass_for_an_exact_number(tmp_path: Path):
    fit = classifier(tmp_path, GOOD)
    with pytest.raises(ColophonError, match=r"accuracy\.value is an estimate, not an exact number"):
        against(fit.accuracy.value, 0.5)
    for estimate in (fit.accuracy, fit.accuracy.value):
        for pair in ((estimate, fit.accuracy.total), (fit.accuracy.total, estimate)):
            with pytest.raises(ColophonError, match="is an estimate, not an exact number"):
                equals(*pair)
    with pytest.raises(ColophonError, match="is not a number, which a test needs"):
        against(fit, 0.5)


def test_numbers_of_different_units_are_not_compared():
    numbers = value_of(NUMBERS)
    entry = Entry(value=3, unit="ms", about="a duration")
    source = Source(title="T", authors=["A"], year=2020, citation="a2020")
    theirs = Published("a.b", entry, source)
    for compare in (
        lambda: equals(numbers.time, theirs),
        lambda: against(numbers.time, theirs),
        lambda: against(numbers.time, numbers.count),
        lambda: against(seeds(0.1, 0.2, 0.3), theirs),
    ):
        with pytest.raises(ColophonError, match=r"(is in s|is in fraction), the other in (ms|no unit)"):
            compare()
    assert holds(equals(numbers.time, replace(theirs, entry=Entry(value=2.5, unit="s", about="a"))))


def test_an_accuracy_against_a_percentage_is_refused():
    with pytest.raises(ColophonError, match=r"is a fraction, which 50 is not\s+Write 50 % as 0\.5"):
        against(value_of(accuracy(90, 100)), 50)


def test_an_order_holds_if_every_step_does_and_fails_if_one_goes_the_other_way(tmp_path: Path):
    steps = [classifier(tmp_path, [1] * k + [0] * (60 - k), f"n{k}") for k in (10, 30, 50)]
    rising = ordered(steps, "increasing")
    single = [mcnemar(later, earlier).p for earlier, later in ((steps[0], steps[1]), (steps[1], steps[2]))]
    assert rising.direction == 1 and rising.p == max(p or 0 for p in single)
    assert rising.difference == pytest.approx(100 * 40 / 60)
    falling = ordered(steps, "decreasing")
    assert falling.direction == -1 and falling.p == pytest.approx(2 * min(p or 0 for p in single))
    assert ordered(steps[::-1], "decreasing") == rising
    mixed = ordered([steps[0], steps[2], steps[1]], "increasing")
    assert mixed.direction == -1 and mixed.counts["against the order"] == 1
    level = ordered([steps[0], steps[0], steps[1]], "increasing")
    assert (level.direction, level.p) == (0, 1)


@pytest.mark.parametrize(
    ("count", "direction", "message"), [(2, "upwards", "no such order"), (1, "increasing", "make no order")]
)
def test_an_order_of_nothing_or_in_no_direction_is_refused(
    tmp_path: Path, count: int, direction: str, message: str
):
    values: list[Value] = [classifier(tmp_path, GOOD)] * count
    with pytest.raises(ColophonError, match=message):
        ordered(values, direction)
