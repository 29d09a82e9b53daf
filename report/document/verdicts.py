"""The verdict on a published value beside ours.

- *reproduced*: the published value lies inside our interval; of a number without one, ours rounds to
  the published digits.
- *close*: outside, but the published value's own 95 % interval, for as many test images, overlaps
  ours; of a measured number that is no share of test images (a mean over seeds, a duration), within 1 %.
- *differs*: neither.
- *not comparable*: the data, the network or a setting is another one; the reason says which.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from report.document import estimates
from report.document.escape import markdown
from report.document.published import Column, PublishedRow, number_text
from report.document.values import Value, is_interval
from report.errors import ColophonError

NOT_COMPARABLE = "not comparable"
NEAR = 0.01  # relative, of a measured number that is no share of test images


@dataclass(frozen=True)
class Verdict:
    """The words for prose; `word` alone for conditions; the reasons where it is not comparable."""

    word: str
    reasons: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.word} ({markdown('; '.join(self.reasons))})" if self.reasons else self.word


def judge(value: Value, theirs: Any, column: Column, name: str) -> str:
    """`reproduced`, `close` or `differs`. Raises ColophonError where units or kinds differ."""
    raw = value._raw
    leaf = value["value"] if is_interval(raw) else value
    unit = leaf._schema.get("unit") or ""
    if isinstance(leaf._raw, str) != isinstance(theirs, str) or isinstance(leaf._raw, dict | list | None):
        raise ColophonError(f"{name}: {value._name()} can't be compared with {theirs!r}", "Name another.")
    if unit != column.unit:
        raise ColophonError(
            f"{name} is published in {column.unit or 'no unit'}, {value._name()} in {unit or 'no unit'}",
            "Give both the same unit.",
        )
    if is_interval(raw):
        if raw["low"] <= theirs <= raw["high"]:
            return "reproduced"
        if "total" in raw:
            low, high = estimates.wilson(theirs, raw["total"])
            return "close" if low <= raw["high"] and high >= raw["low"] else "differs"
    elif number_text(leaf._raw, unit, column.digits) == number_text(theirs, unit, column.digits):
        return "reproduced"
    measured = isinstance(leaf._raw, float)
    return "close" if measured and abs(leaf._raw - theirs) <= NEAR * abs(theirs) else "differs"


def field(value: Value, path: str, group: str) -> Any:
    return at(value, path, group)._raw


def at(value: Value, path: str, group: str) -> Value:
    """What lies at `path` in a row. Raises ColophonError, naming the published table, where it ends."""
    try:
        for key in path.split("."):
            value = value[key]
    except ColophonError as error:
        problem = f"published table {group} names {path!r}: {error.problem}"
        raise ColophonError(problem, error.remedy) from None
    return value


def differences(
    conditions: dict[str, Any], contexts: Sequence[Value], name: str, words: Mapping[str, str]
) -> list[str]:
    """In words (`Library.words`), each condition that is another with us."""
    found = []
    for key, theirs in conditions.items():
        having = [context for context in contexts if key in context._known()]
        if not having:
            raise ColophonError(
                f"{name} is published for {key} {theirs}, and nothing given has a {key!r}",
                "Give the metrics that have it, after the others.",
            )
        ours = having[0][key]._raw
        if ours != theirs:
            found.append(instead(key, ours, theirs, words))
    return found


def unlike(published: PublishedRow, value: Value, words: Mapping[str, str]) -> list[str]:
    """In words, what makes a row of ours another than the published one."""
    if all(field(value, key, "") == theirs for key, theirs in published.match.items()):
        return []
    known = value._known()
    names = [
        instead(key, value[key]._raw, theirs, words)
        for key, theirs in published.row.items()
        if isinstance(theirs, str) and key in known and value[key]._raw != theirs
    ]
    return names or [
        instead(key, field(value, key, ""), theirs, words)
        for key, theirs in published.match.items()
        if field(value, key, "") != theirs
    ]


def instead(key: str, ours: Any, theirs: Any, words: Mapping[str, str]) -> str:
    """`letters instead of digits`; of a number with what it is: in `words`, else by the metric's name."""
    if isinstance(ours, str) and isinstance(theirs, str):
        return f"{ours} instead of {theirs}"
    name = key.replace("_", " ").replace(".", " ")
    text = words.get(key, f"{name} {{ours}} instead of {{theirs}}")
    return text.format(ours=said(ours), theirs=said(theirs))


def said(value: Any) -> str:
    """A setting as it stands in a sentence."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number_text(value, "", None) if number else "none" if value is None else str(value)
