"""Tables mix metrics with cells of other origin."""

from pathlib import Path

import pytest

from report.document.cells import Cell, Row
from report.document.tables import Tables
from report.document.values import MissingValueError, Origin, Value
from report.errors import ColophonError

SCHEMA = {"properties": {"a": {"unit": "", "digits": 1}, "none": {}, "inner": {"properties": {"b": {}}}}}
RAW = {"a": 1.25, "name": "x|y", "none": None, "inner": {"b": 7}}
VALUE = Value(Origin("s", Path()), (), RAW, SCHEMA, SCHEMA)


def body(text: str) -> list[list[str]]:
    """The cells of a table's lines, from the rule under its head on."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


def test_a_rows_own_cells_come_before_its_metrics_and_what_is_missing_is_blank():
    theirs = Cell("1.3", {"": 1.3})
    rows = [
        Row(VALUE, {"a": theirs}),
        Row(VALUE, {"more": theirs}),
        Row(None, {"name": Cell("paper", {"": "p"})}),
    ]
    text = Tables()("tbl-x", "C.", [["A", "a"], ["Name", "name"], ["More", "more"], ["B", "inner.b"]], rows)
    assert body(text)[1:] == [
        ["1.3", r"x\|y", "–", "7"],
        ["1.2", r"x\|y", "1.3", "7"],
        ["–", "paper", "–", "–"],
    ]


def test_the_side_of_a_column_follows_its_first_cell_that_is_there_unless_asked_for():
    rows = [Row(None, {"n": Cell("x", {"": "x"}, numeric=False)}), Row(None, {"a": Cell("1", {"": 1})})]
    columns = [["A", "a"], ["N", "n"], ["N", "n", "right"], ["A", "a", "left"], ["A", "a", "centre"]]
    assert body(Tables()("tbl-x", "C.", columns, rows))[0] == ["---:", "---", "---:", ":---", ":---:"]


def test_a_row_may_be_a_mapping_of_values_words_and_nothing():
    rows = [{"a": VALUE.a, "b": "x_y", "c": None}, {"a": VALUE.none, "c": VALUE.inner.b}]
    text = Tables()("tbl-x", "C.", [["A", "a"], ["B", "b"], ["C", "c"]], rows)
    assert body(text) == [["---:", "---", "---:"], ["1.2", r"x\_y", "–"], ["–", "–", "7"]]


def test_what_a_table_can_not_show_is_refused():
    with pytest.raises(ColophonError, match=r"tbl-x: no row has 'b', for the column 'B'"):
        Tables()("tbl-x", "C.", [["B", "b"]], [Row(VALUE, {"a": Cell("1", {"": 1})})])
    with pytest.raises(MissingValueError, match="s: its metrics have no 'b'"):
        Tables()("tbl-x", "C.", [["A", "a"], ["B", "b"]], [VALUE])
    with pytest.raises(ColophonError, match=r"'A' can't be set 'middle'\s+One of: left, right, centre"):
        Tables()("tbl-x", "C.", [["A", "a", "middle"]], [VALUE])
