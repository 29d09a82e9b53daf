"""From the metrics that a claim names to the numbers that a test takes."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from report.document.published import Published
from report.document.values import Value, is_interval
from report.errors import ColophonError


def leaves(values: Iterable[Value], path: str) -> list[Value]:
    """From each of `values` what lies at `path`."""
    found = []
    for value in values:
        for key in path.split(".") if path else ():
            value = value[key]
        found.append(value)
    return found


def number(value: Any) -> float:
    """The number that `value` is, or that its group has under `value`."""
    raw = value._raw if hasattr(value, "_raw") else value
    if is_interval(raw):
        raw = raw["value"]
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        name = value._name() if isinstance(value, Value) else repr(value)
        raise ColophonError(f"{name} is not a number, which a test needs", "Name a value inside it.")
    return raw


def declared(value: Value) -> tuple[str, int | None]:
    """Unit and digits of a number, or of a group's `value`."""
    leaf = value["value"] if is_interval(value._raw) else value
    return leaf._schema.get("unit") or "", leaf._schema.get("digits")


def answers(value: Value) -> tuple[np.ndarray, np.ndarray]:
    """Whether each test image was classified rightly, bool (n,), and its label (n,)."""
    name = value["correct"]._raw
    if not isinstance(name, str):
        raise ColophonError(
            f"{value._name()} is not a classifier: its `correct` is a {type(name).__name__}",
            "Name the group above it, whose `correct` names an array.",
        )
    found = []
    for file in (f"{name}.npy", "labels.npy"):
        path = value._origin.directory / file
        if not path.is_file():
            raise ColophonError(f"{value._name()}: {value._origin.stage} has no {file}", "Write it there.")
        found.append(np.load(path, allow_pickle=False))
    if found[0].shape != found[1].shape:
        raise ColophonError(
            f"{value._name()}: {name} has {len(found[0])} answers for {len(found[1])} labels",
            "Write one for each test image.",
        )
    return found[0].astype(bool), found[1]


def require_unit(value: Value, other: Any) -> None:
    """Raise ColophonError where `other` is in another unit than `value`; a bare number has none."""
    unit = declared(value)[0]
    if isinstance(other, Value | Published):
        theirs = declared(other)[0] if isinstance(other, Value) else other.entry.unit
        if theirs != unit:
            raise ColophonError(
                f"{value._name()} is in {unit or 'no unit'}, the other in {theirs or 'no unit'}",
                "Compare like with like.",
            )


def refuse_estimate(value: Value) -> None:
    """What was measured on a sample must not pass for an exact number for want of its counts."""
    bare_share = len(value._path) > 1 and value._path[-1] == "value"
    computed = type(value) is not Value and isinstance(value._raw, float)
    if bare_share or computed or is_interval(value._raw):
        raise ColophonError(
            f"{value._name()} is an estimate, not an exact number",
            "Name the group of metrics that it comes from, which has its counts, or the list over seeds.",
        )


def require_shares(values: Iterable[Value]) -> None:
    for value in values:
        if not 0 <= number(value) <= 1:
            raise ColophonError(
                f"{value._name()} is {number(value):g}, which is no share",
                "Leave out shares=true, or compare numbers between 0 and 1.",
            )
