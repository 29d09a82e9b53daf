"""What templates may compute from values: differences, means over repetitions, totals, counts, durations.

Each gives a value that prints like a metric, links to the stage of the first value that it was made
from, and says in its tooltip what it was made from.
"""

import math
import statistics
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from report.document.estimates import student_quantile
from report.document.numbers import leaves
from report.document.values import DURATION, Origin, Value, exact, is_interval
from report.errors import ColophonError

NAMED = 4  # so many values are named in a tooltip, the others counted


class Derived(Value):
    """A value that a template computed.

    Args:
        origin: that of the first value it was made from.
        name: what it is, for messages: `difference`.
        raw: the number, or an interval with `value`, `low` and `high`.
        declared: its unit and digits, and whether it is `signed`.
        how: what it was made from, for the tooltip.
    """

    __slots__ = ("_how",)

    def __init__(self, origin: Origin, name: str, raw: Any, declared: dict[str, Any], how: str) -> None:
        schema = declared | {"properties": dict.fromkeys(("value", "low", "high"), declared)}
        super().__init__(origin, (name,), raw, schema, schema)
        self._how = how

    def __getitem__(self, key: Any) -> "Derived":
        part = super().__getitem__(key)
        how = self._how if key == "value" else f"{key} end of the interval, {self._how}"
        return Derived(self._origin, str(self._path[0]), part._raw, part._schema, how)

    def _about(self) -> str:
        return f"{exact(self)}: {self._how}"


def difference(a: Value, b: Value) -> Derived:
    """`a` minus `b` with its sign, of fractions in percentage points; intervals are dropped.

    Raises ColophonError for values of different units.
    """
    first, second = number(a), number(b)
    unit, digits = common([first, second], "difference")
    raw = first._raw - second._raw
    if unit == "fraction":
        raw, unit = 100 * raw, "points"
    how = f"difference of {named([a, b])}"
    return Derived(
        origin_of([a, b]), "difference", raw, {"unit": unit, "digits": digits, "signed": True}, how
    )


def mean(values: Iterable[Value], path: str = "") -> Derived:
    """The mean over repetitions with its 95 % interval by Student's t; of one value, the value alone.

    Args:
        values: a list of metrics, or groups of metrics.
        path: of the number in each group, `test.value`.
    """
    numbers = walk(values, path, "mean")
    unit, digits = common(numbers, "mean")
    raws = [value._raw for value in numbers]
    middle = statistics.fmean(raws)
    raw: Any = middle
    if len(raws) > 1:
        half = student_quantile(len(raws) - 1) * statistics.stdev(raws) / math.sqrt(len(raws))
        raw = {"value": middle, "low": middle - half, "high": middle + half}
    how = f"mean of {len(raws)}: {named(numbers)}"
    return Derived(origin_of(numbers), "mean", raw, {"unit": unit, "digits": digits}, how)


def total(values: Iterable[Value], path: str = "") -> Derived:
    """The sum of a list of metrics, or of what lies at `path` in each group of a list."""
    numbers = walk(values, path, "total")
    unit, digits = common(numbers, "total")
    raws = [value._raw for value in numbers]
    raw = sum(raws) if all(isinstance(raw, int) for raw in raws) else math.fsum(raws)
    how = f"total of {len(raws)}: {named(numbers)}"
    return Derived(origin_of(numbers), "total", raw, {"unit": unit, "digits": digits}, how)


def count_of(items: Iterable[Any]) -> Derived:
    """How many items there are, of a metric that is a list or of rows that a template chose."""
    if isinstance(items, Value):
        found: list[Any] = [items]
        raw, how = len(items), f"count of {items._name()}"
    else:
        found = list(items)
        raw, how = len(found), f"count of {named([item for item in found if isinstance(item, Value)])}"
    values = [item for item in found if isinstance(item, Value)]
    origin = origin_of(values) if values else Origin("", Path())
    return Derived(origin, "count", raw, {"unit": ""}, how)


def span(value: Value) -> Derived:
    """Seconds in words: `12 s`, `3 min 20 s`, `2 h 05 min`. Raises ColophonError for another unit."""
    seconds = number(value)
    if seconds._schema.get("unit") not in ("s", DURATION):
        raise ColophonError(
            f"{value._name()} is no duration: its unit is {seconds._schema.get('unit') or 'none'}",
            'Declare it with quantity(…, "s").',
        )
    return Derived(value._origin, "duration", value._raw, {"unit": DURATION}, named([value]))


def fact(given: int | str) -> str:
    """A number that is a fact and no result, marked as such for the lint: `224`, `1,000`, `1.96`.

    A whole number gets thousands separated; a string (a decimal number, a year) is printed as it is.
    """
    if isinstance(given, bool) or not isinstance(given, int | str):
        raise ColophonError(
            f"fact({given}) takes a whole number or a string, not a {type(given).__name__}",
            'Write a decimal number as a string, fact("1.96"); a result is printed by its name.',
        )
    return given if isinstance(given, str) else f"{given:,}".replace("-", "−")


def origin_of(values: list[Value]) -> Origin:
    """That of the first of `values`, stale if one of them is."""
    return replace(values[0]._origin, stale=any(value._origin.stale for value in values))


def number(value: Any) -> Value:
    """The number in `value`: itself, or the middle of an interval. Raises ColophonError for others."""
    if not isinstance(value, Value):
        raise ColophonError(f"{value!r} is no metric", "Give a value of results(…), not a number or text.")
    inner = value["value"] if is_interval(value._raw) else value
    if isinstance(inner._raw, bool) or not isinstance(inner._raw, int | float):
        raise ColophonError(f"{value._name()} is a {type(inner._raw).__name__}, not a number")
    return inner


def walk(values: Iterable[Value], path: str, what: str) -> list[Value]:
    """The number at `path` in each of `values`; raises ColophonError where there are none."""
    found = [number(value) for value in leaves(values, path)]
    if not found:
        raise ColophonError(f"{what} of no values", "Leave the sentence out with {% if … %} there.")
    return found


def common(values: list[Value], what: str) -> tuple[str, int | None]:
    """The unit that all `values` share, and their digits."""
    units = {value._schema.get("unit") or "" for value in values}
    if len(units) > 1:
        listed = ", ".join(
            f"{value._name()} ({value._schema.get('unit') or 'no unit'})" for value in values
        )
        raise ColophonError(f"{what} of values with different units: {listed}")
    digits = [value._schema.get("digits") for value in values]
    known = [count for count in digits if count is not None]
    return units.pop(), max(known) if known else None


def named(values: list[Value]) -> str:
    """`stage: path = value` for the first of `values`, and how many more there are."""
    parts = [value._about() if is_number(value) else value._name() for value in values[:NAMED]]
    more = f" and {len(values) - NAMED} more" if len(values) > NAMED else ""
    return "; ".join(parts) + more


def is_number(value: Value) -> bool:
    return is_interval(value._raw) or isinstance(value._raw, int | float)


FUNCTIONS = {
    "difference": difference,
    "mean": mean,
    "total": total,
    "count_of": count_of,
    "duration": span,
    "fact": fact,
}
