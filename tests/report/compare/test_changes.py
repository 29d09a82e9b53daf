"""Which values count as changed, what their intervals tell, and how it is printed."""

from typing import Any

import pytest

from report.compare.builds import Build, whole
from report.compare.changes import Told, changes, told
from report.compare.show import MOST, markdown, notes, sections


def share(value: float, low: float, high: float) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "unit": "fraction", "text": f"{100 * value:.1f} %"}


def bare(value: Any, text: str | None = None, unit: str = "") -> dict[str, Any]:
    return {"value": value, "unit": unit, "text": text or str(value)}


def build(values: dict[str, Any], claims: Any = None, figures: Any = None) -> Build:
    return Build(values, claims, figures)


OLD = share(0.80, 0.75, 0.85)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (share(0.90, 0.86, 0.94), "apart"),
        (share(0.70, 0.66, 0.74), "apart"),
        (share(0.88, 0.83, 0.93), "outside"),
        (share(0.82, 0.77, 0.87), "within"),
        (bare(0.9), "unknown"),
    ],
)
def test_intervals_tell_a_difference_from_chance(now: dict[str, Any], expected: Told) -> None:
    assert told(OLD, now) == expected
    assert told(now, OLD) == expected


def test_a_value_counts_as_changed_where_it_prints_otherwise_and_the_clear_ones_come_first() -> None:
    before = {"a:x": bare(1), "a:y": share(0.8, 0.75, 0.85), "a:z": bare(0.50001, "0.5"), "a:same": bare(3)}
    after = {"a:x": bare(4), "a:y": share(0.9, 0.86, 0.94), "a:z": bare(0.50002, "0.5"), "a:same": bare(3)}
    found = changes(build(before), build(after))
    assert [(c.name, c.difference, c.told) for c in found.values] == [
        ("a:y", "+10 points", "apart"),
        ("a:x", "+3", "unknown"),
    ]
    assert found.finer == 1 and not found.new and not found.gone
    assert not changes(build(after), build(after)).any()


def test_words_and_truths_have_no_difference_and_what_one_build_lacks_is_counted_by_stage() -> None:
    before = {"a:best": bare("fire9"), "a:good": bare(True, "yes"), "b/c:x": bare(1), "b/c:y": bare(1)}
    after = {"a:best": bare("fire5"), "a:good": bare(False, "no"), "d:x": bare(1)}
    found = changes(build(before), build(after))
    assert [(c.before, c.after, c.difference) for c in found.values] == [
        ("fire9", "fire5", ""),
        ("yes", "no", ""),
    ]
    assert (found.new, found.gone) == ({"d": 1}, {"b/c": 2})


def test_a_large_difference_keeps_its_digits() -> None:
    found = changes(build({"a:steps": bare(1000)}), build({"a:steps": bare(13345)}))
    assert [change.difference for change in found.values] == ["+12,345"]


def test_the_ends_of_an_interval_do_not_count_beside_it() -> None:
    values = {
        "a:x": OLD,
        "a:x.value": bare(0.8),
        "a:x.low": bare(0.75),
        "a:x.high": bare(0.85),
        "a:x.total": bare(9),
    }
    assert list(whole(values)) == ["a:x", "a:x.total"]


def claim(verdict: str, figures: str, adjusted: float | None) -> dict[str, Any]:
    return {"verdict": verdict, "figures": figures, "adjusted_p": adjusted}


def test_claims_that_turned_come_before_those_whose_figures_moved() -> None:
    before = {"moved": claim("holds", "1.0 points", 0.01), "turned": claim("holds", "2.0 points", 0.04)}
    before |= {"same": claim("fails", "1", None), "dropped": claim("holds", "1", None)}
    after = {"moved": claim("holds", "1.2 points", 0.01), "turned": claim("undecided", "0.4 points", 0.4)}
    after |= {"same": claim("fails", "1", None)}
    found = changes(build({}, before), build({}, after)).claims
    assert found
    assert [(c.name, c.before, c.after) for c in found] == [
        ("turned", "holds", "undecided"),
        ("dropped", "holds", ""),
        ("moved", "holds", "holds"),
    ]
    assert found[0].figures_after == "0.4 points; Holm's p 0.40"


def test_figures_are_told_by_what_happened_to_them() -> None:
    found = changes(
        build({}, {}, {"a": "1", "b": "1", "c": "1"}), build({}, {}, {"a": "1", "b": "2", "d": "1"})
    )
    assert found.figures == {"b": "changed", "c": "gone", "d": "new"}


def test_the_comment_is_a_table_that_no_name_can_break_and_tells_what_it_left_out() -> None:
    before = {f"a:x{i}": bare(i) for i in range(MOST + 2)} | {"a:|_*": bare("p|q")}
    after = {f"a:x{i}": bare(i + 1) for i in range(MOST + 2)} | {"a:|_*": bare("`r`")}
    found = changes(build(before), build(after))
    text = markdown("demo/report", sections(found, False), notes(found, False, ""))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + MOST
    assert "3 more values changed; ALL=1 shows them." in text
    whole_text = markdown("demo/report", sections(found, True), notes(found, True, ""))
    assert r"| a:\|\_\* | p\|q | \`r\` |  | – |" in whole_text
    assert "ALL=1" not in whole_text


def test_what_can_not_be_compared_is_said_and_so_is_that_nothing_differs() -> None:
    found = changes(build({}, None, None), build({}, {}, {}))
    assert notes(found, False, "no claim could be decided") == [
        "No value, claim or figure differs.",
        "Claims were not compared: no claim could be decided",
        "Figures were not compared: REF does not hold them.",
    ]
