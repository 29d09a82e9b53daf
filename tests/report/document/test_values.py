"""Values print as their metrics declare, and name what is missing."""

from pathlib import Path

import pytest

from report.document.marks import settle
from report.document.values import MissingValueError, Origin, Value, cell, show
from report.errors import ColophonError
from report.stage import Metrics, quantity


class Share(Metrics):
    value: float = quantity("a share", "fraction", 1)
    low: float = quantity("its lower end", "fraction", 1)
    high: float = quantity("its upper end", "fraction", 1)


class Row(Metrics):
    name: str = quantity("the network")
    accuracy: Share = quantity("of the test images")


class Sample(Metrics):
    images: int = quantity("images, a count")
    took: float = quantity("duration", "s", 2)
    gain: float = quantity("difference", "points", 1)
    penalty: float = quantity("the penalty C")
    good: bool = quantity("whether it worked")
    best: Row | None = quantity("the best row")
    worst: Row | None = quantity("the worst row")
    rows: list[Row] = quantity("all rows")
    by_name: dict[str, Row] = quantity("the same by name")
    shares: list[float] = quantity("a share a seed", "fraction", 1)
    times: dict[str, float] = quantity("a duration a part", "s", 1)


@pytest.fixture
def sample() -> Value:
    row = Row(name="VGG_16", accuracy=Share(value=0.8834, low=0.871, high=0.8944))
    metrics = Sample(
        images=12345,
        took=1.234,
        gain=-2.06,
        penalty=1.0,
        good=True,
        best=row,
        worst=None,
        rows=[row, row],
        by_name={"a/b": row},
        shares=[0.5, 0.25],
        times={"one": 2.0},
    )
    schema = Sample.model_json_schema(mode="serialization")
    return Value(Origin("chapter/stage", Path()), (), metrics.model_dump(mode="json"), schema, schema)


def test_a_number_prints_with_the_unit_and_digits_of_its_declaration(sample):
    assert show(sample.images) == "12,345"
    assert show(sample.took) == "1.23\u00a0s"
    assert show(sample.gain) == "−2.1\u00a0points"
    assert show(sample.penalty) == "1"
    assert show(sample.best.accuracy.value) == "88.3\u00a0%"


def test_the_declaration_of_a_list_or_a_mapping_is_that_of_each_element(sample):
    assert [show(share) for share in sample.shares] == ["50.0\u00a0%", "25.0\u00a0%"]
    assert show(sample.times["one"]) == "2.0\u00a0s"


def test_a_very_small_number_prints_as_a_power_of_ten():
    value = Value(Origin("chapter/stage", Path()), ("gap",), 1.1157e-15, {}, {})
    assert show(value) == "1.1e−15"


def undeclared(raw: object) -> Value:
    return Value(Origin("chapter/stage", Path()), ("steps",), raw, {}, {})


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (0.12345, "0.1235"),
        (999.96, "1,000"),
        (1234.4, "1,234"),
        (9999.6, "10,000"),
        (12345.6, "12,346"),
        (123456789.0, "123,456,789"),
        (-12345.6, "−12,346"),
        (2.5e20, "2.5e+20"),
    ],
)
def test_a_number_without_declared_digits_keeps_those_before_the_point(raw, text):
    assert show(undeclared(raw)) == text


@pytest.mark.parametrize(
    ("value", "low", "high", "text"),
    [
        (12345.6, 12110.0, 12444.0, "12,346 (95\u00a0% interval 12,110 to 12,444)"),
        (12345, 11951.2, 12739.0, "12,345 (95\u00a0% interval 11,951 to 12,739)"),
        (3567890123.4, 3567880000.0, 3567900000.0, None),
        (1e9 - 1.2, 1e9 - 1.9, 1e9 + 1.3, None),
    ],
)
def test_an_interval_of_large_numbers_prints_its_ends_and_holds_the_printed_value(value, low, high, text):
    interval = undeclared({"value": value, "low": low, "high": high})
    assert text is None or show(interval) == text
    numbers = [float(show(interval[end]).replace(",", "")) for end in ("low", "value", "high")]
    assert numbers == sorted(numbers) and numbers[0] < numbers[2]


@pytest.mark.parametrize(("signed", "text"), [(False, "0.0"), (True, "+0.0")])
def test_what_rounds_to_zero_has_no_minus(signed, text):
    declared = {"unit": "points", "digits": 1, "signed": signed}
    assert show(Value(Origin("a/b", Path()), ("gain",), -0.04, declared, {})) == f"{text}\u00a0points"


def test_declarations_are_found_through_optional_fields_lists_and_mappings(sample):
    expected = "88.3\u00a0% (95\u00a0% interval 87.1 to 89.4\u00a0%)"
    assert show(sample.best.accuracy) == expected
    assert show(sample.rows[1].accuracy) == expected
    assert show(sample.by_name["a/b"].accuracy) == expected


def test_a_cell_leaves_the_unit_to_the_head_of_the_column(sample):
    assert cell(sample.best.accuracy) == r"88.3 \[87.1, 89.4\]"
    assert cell(sample.best.name) == r"VGG\_16"


def test_a_missing_value_names_its_stage_and_what_there_is(sample):
    with pytest.raises(
        MissingValueError,
        match=r"chapter/stage: best has no 'acuracy'\s+Did you mean accuracy\? It has: name, acc",
    ):
        _ = sample.best.acuracy
    with pytest.raises(MissingValueError, match=r"rows has no 7\s+It has: 0 to 1"):
        _ = sample.rows[7]


def test_a_group_or_a_truth_value_does_not_print_as_a_number(sample):
    with pytest.raises(ColophonError, match="best is a dict"):
        show(sample.best)
    with pytest.raises(ColophonError, match="good is a bool"):
        show(sample.good)


def test_conditions_and_loops_see_the_plain_content(sample):
    assert sample.best and not sample.worst and sample.good
    assert [row.name == "VGG_16" for row in sample.rows] == [True, True]
    assert "VGG" in sample.best.name and len(sample.rows) == 2


def test_a_printed_number_is_a_link_whose_tooltip_names_stage_path_interval_and_commit(sample):
    origin = Origin("chapter/stage", Path(), "c0ffee12", "stage-chapter-stage")
    bound = Value(origin, (), sample._raw, sample._schema, sample._root)
    target = "[here]{#stage-chapter-stage}"
    assert settle(f"{target} {bound.best.accuracy}") == (
        f"{target} [88.3\u00a0% (95\u00a0% interval 87.1 to 89.4\u00a0%)](#stage-chapter-stage)"
        '{.value title="chapter/stage: best.accuracy = 0.8834, 95 % interval 0.871 to 0.8944, commit c0ffee12"}'
    )
    assert 'title="chapter/stage: took = 1.234 s, commit c0ffee12"' in settle(f"{target} {bound.took}")
    assert cell(bound.images).startswith("\ue000[12,345](#stage-chapter-stage){.value")
    assert str(bound.best.name) == r"VGG\_16"


def test_an_interval_whose_ends_print_alike_is_said_to_be_narrow(sample):
    row = Row(name="guess", accuracy=Share(value=0.1168, low=0.1167, high=0.1169))
    schema = Row.model_json_schema(mode="serialization")
    value = Value(Origin("chapter/stage", Path()), (), row.model_dump(mode="json"), schema, schema)
    assert show(value.accuracy) == "11.7\u00a0% (95\u00a0% interval too narrow to print)"
    assert show(sample.best.accuracy) == "88.3\u00a0% (95\u00a0% interval 87.1 to 89.4\u00a0%)"
