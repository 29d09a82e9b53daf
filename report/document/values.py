"""Numbers on their way into prose: each knows its stage, its path and how it was declared."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from report.build.progress import duration
from report.document.escape import attribute, markdown
from report.document.marks import mark
from report.document.numerals import general
from report.errors import ColophonError

NBSP = "\u00a0"
DECLARED = ("unit", "digits", "signed")  # of a list or a mapping: those of each of its elements
STALE = ", stale"  # at the end of a tooltip
DURATION = "duration"  # a unit: seconds printed as `3 min 20 s`


class MissingValueError(ColophonError):
    """A template names a value that its stage did not write."""


@dataclass(frozen=True)
class Origin:
    """Where a value comes from.

    Attributes:
        stage: the task's id, `transfer/features/backbone=timm-deit`.
        directory: where its outputs lie, the arrays among them.
        commit: the commit at which it ran, and whether there were changes; empty outside a repository.
        anchor: the identifier of its row in the colophon.
        stale: whether it, or anything that a computed value is made from, is shown although it is stale.
    """

    stage: str
    directory: Path
    commit: str = ""
    anchor: str = ""
    stale: bool = False


class Value:
    """A metric, or a group of them, as templates see it.

    `depth.best.accuracy.value` walks down; printing a leaf formats it by the metric's declaration
    (unit and digits), and a group with `value`, `low` and `high` prints with its interval. Printed
    by a template, a number is a link to its stage's row in the colophon, with its origin as tooltip.

    Args:
        origin: where it comes from.
        path: the keys that lead to it, for messages.
        raw: the value in metrics.json.
        schema: its JSON schema, from the metrics model.
        root: the whole model's schema, which holds the definitions.
    """

    __slots__ = ("_origin", "_path", "_raw", "_root", "_schema")

    def __init__(
        self, origin: Origin, path: tuple[Any, ...], raw: Any, schema: dict[str, Any], root: dict[str, Any]
    ) -> None:
        self._origin, self._path, self._raw = origin, path, raw
        self._schema, self._root = flatten(schema, root), root

    def __getattr__(self, name: str) -> "Value":
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, key: Any) -> "Value":
        if isinstance(key, Value):
            key = key._raw
        try:
            raw = self._raw[key]
        except (KeyError, IndexError, TypeError):
            raise MissingValueError(
                f"{self._name()} {'has' if self._path else 'have'} no {key!r}", self._offer(key)
            ) from None
        return Value(self._origin, (*self._path, key), raw, self._child(key), self._root)

    def __iter__(self) -> Iterator["Value"]:
        keys = self._raw if isinstance(self._raw, dict) else range(len(self._raw))
        return (self[key] for key in keys)

    def __contains__(self, item: Any) -> bool:
        return item in self._raw

    def __len__(self) -> int:
        return len(self._raw)

    def __bool__(self) -> bool:
        return bool(self._raw)

    def __eq__(self, other: object) -> bool:
        return self._raw == (other._raw if isinstance(other, Value) else other)

    def __hash__(self) -> int:
        return hash(self._raw)

    def __str__(self) -> str:
        return linked(self, show(self))

    def _name(self) -> str:
        return f"{self._origin.stage}: {'.'.join(map(str, self._path)) or 'its metrics'}"

    def _about(self) -> str:
        """The tooltip: stage, path, the value in full precision, its interval, the commit."""
        path = ".".join(map(str, self._path))
        commit = f", commit {self._origin.commit}" if self._origin.commit else ""
        return f"{self._origin.stage}: {path} = {exact(self)}{commit}"

    def _offer(self, key: Any) -> str:
        """What there is in the place of `key`, the nearest first."""
        near = get_close_matches(str(key), self._known(), n=1)
        meant = f"Did you mean {near[0]}? " if near else ""
        return f"{meant}It has: {', '.join(self._known()) or 'nothing'}"

    def _known(self) -> list[str]:
        if isinstance(self._raw, dict):
            return list(self._raw)
        return [f"0 to {len(self._raw) - 1}"] if isinstance(self._raw, list) and self._raw else []

    def _child(self, key: Any) -> dict[str, Any]:
        if own := self._schema.get("properties", {}).get(key):
            return own
        each = self._schema.get("items" if isinstance(self._raw, list) else "additionalProperties")
        declared = {name: self._schema[name] for name in DECLARED if name in self._schema}
        return declared | (each if isinstance(each, dict) else {})


def flatten(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """`schema` with its reference, and the one real choice of an optional field, resolved."""
    for choice in schema.get("anyOf", []):
        if choice.get("type") != "null":
            schema = {**schema, **choice}
    if "$ref" in schema:
        found = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = {**found, **{k: v for k, v in schema.items() if k not in ("$ref", "anyOf")}}
    return schema


def is_interval(raw: Any) -> bool:
    return isinstance(raw, dict) and {"value", "low", "high"} <= raw.keys()


def show(value: Value) -> str:
    """The value in words for prose, as its metric declares. Raises ColophonError for a group."""
    raw = value._raw
    if isinstance(raw, str):
        return markdown(raw)
    if is_interval(raw):
        low, high = (bare(value[end]) for end in ("low", "high"))
        if low == high:  # of values that are alike, such as those of networks that only guess
            return f"{show(value['value'])} (95{NBSP}% interval too narrow to print)"
        return f"{show(value['value'])} (95{NBSP}% interval {low} to {high}{unit(value['value'])})"
    return bare(value) + unit(value)


def bare(value: Value) -> str:
    """The number alone, to the declared digits; a fraction as a percentage, with a sign if declared."""
    raw, declared = value._raw, value._schema
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise ColophonError(
            f"{value._name()} is a {type(raw).__name__}, which can't be printed as a number",
            "Name a value inside it, or use it in a condition.",
        )
    if declared.get("unit") == DURATION:
        return duration(raw).replace(" ", NBSP)
    if declared.get("unit") == "fraction":
        raw = 100 * raw
    digits, sign = declared.get("digits"), "+" if declared.get("signed") else ""
    if isinstance(raw, int):
        text = format(raw, f"{sign},")
    else:  # z: what rounds to zero has no minus
        text = general(raw, sign=sign) if digits is None else format(raw, f"{sign}z,.{digits}f")
    if "e" in text:  # very large or very small: two significant digits, 1.1e−15
        text = f"{raw:{sign}.1e}"
    return text.replace("-", "−")


def unit(value: Value) -> str:
    """What stands behind the number: its unit after a space that doesn't break."""
    name = value._schema.get("unit") or ""
    if name == DURATION:
        return ""
    return NBSP + ("%" if name == "fraction" else name) if name else ""


def exact(value: Value) -> str:
    """The value in full precision, as in metrics.json, with its interval and unit."""
    raw = value._raw
    if is_interval(raw):
        return f"{exact(value['value'])}, 95 % interval {raw['low']!r} to {raw['high']!r}"
    name = value._schema.get("unit") or ""
    name = "s" if name == DURATION else "" if name == "fraction" else name
    return f"{raw!r} {name}".rstrip()


def linked(value: Value, text: str) -> str:
    """`text`, which shows `value`, as a link to where it comes from; words stay words."""
    if isinstance(value._raw, str) or not value._origin.anchor:
        return text
    about = attribute(value._about()) + (STALE if value._origin.stale else "")
    return mark(f'[{text}](#{value._origin.anchor}){{.value title="{about}"}}', text)


def marks_stale(text: str) -> bool:
    """Whether a number in `text` has a tooltip that calls it stale."""
    return f'{STALE}"}}' in text


def cell_text(value: Value) -> str:
    """The value for a table whose head names the unit: `88.3 [86.9, 89.6]`, `512`, `fire9`."""
    if is_interval(value._raw):
        return f"{bare(value['value'])} \\[{bare(value['low'])}, {bare(value['high'])}\\]"
    return markdown(value._raw) if isinstance(value._raw, str) else bare(value)


def cell(value: Value) -> str:
    """The same, as a link to where it comes from."""
    return linked(value, cell_text(value))
