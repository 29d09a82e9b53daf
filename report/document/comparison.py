"""Published values set beside ours: the cells of a table, and the functions that templates call."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from string import ascii_lowercase
from typing import Any

from report.document.cells import Cell, Row, Scalar
from report.document.escape import markdown
from report.document.published import (
    Column,
    Library,
    Published,
    PublishedRow,
    PublishedTable,
    load,
    number_text,
)
from report.document.values import Value
from report.document.verdicts import NOT_COMPARABLE, Verdict, at, differences, field, judge, unlike
from report.errors import ColophonError


class Rows(list[Row]):
    """Rows of ours with published ones beside them; `notes` are the reasons by their letter."""

    def __init__(self, rows: Iterable[Row], notes: dict[str, str]) -> None:
        super().__init__(rows)
        self.notes = notes


class Comparisons:
    """The functions that templates call, on the published values below `templates`."""

    def __init__(self, templates: Path) -> None:
        self._templates = templates

    @cached_property
    def library(self) -> Library:
        return load(self._templates)

    def functions(self) -> dict[str, Callable[..., Any]]:
        return {
            "published": self.published,
            "compare": self.compare,
            "beside": self.beside,
            "reasons": reasons,
        }

    def published(self, key: str) -> Published:
        """The published value `dv24.mlp_total`."""
        return self.library.entry(key)

    def compare(self, value: Value, key: str, *contexts: Value) -> Verdict:
        """The verdict on `value` beside the published value `key`.

        Args:
            value: a metric, or a group with its interval.
            key: `dv24.mlp_total`.
            contexts: groups of metrics that have what the published value is conditional on.
        """
        found = self.library.entry(key)
        differing = differences(found.entry.conditions, contexts, key, self.library.words)
        if differing:
            return Verdict(NOT_COMPARABLE, tuple(differing))
        column = Column(unit=found.entry.unit, digits=found.entry.digits)
        return Verdict(judge(value, found._raw, column, key))

    def beside(self, group: str, rows: Iterable[Value], *contexts: Value) -> Rows:
        """`rows` with the cells `published` and `verdict`, and after them the published rows left over.

        Args:
            group: a table of published.yaml.
            rows: groups of metrics, one a row.
            contexts: groups of metrics that have the conditions, such as the whole stage's.

        For one metric of several there are the cells `published.<path>` and `verdict.<path>` too.
        """
        table, ours = self.library.table(group), list(rows)
        partners = pair(table, ours, group)
        words = self.library.words
        common = differences(table.conditions, contexts, group, words) if partners else []
        letters: dict[str, str] = {}
        found = []
        for index, value in enumerate(ours):
            published = partners.get(index)
            if published is None:
                found.append(Row(value, blank(table)))
                continue
            differing = common + unlike(published, value, words)
            marks = [letter(reason, letters) for reason in differing]
            found.append(Row(value, cells(table, published, value, group, differing, marks)))
        taken = [id(published) for published in partners.values()]
        left = [published for published in table.rows if id(published) not in taken]
        found += [Row(None, alone(table, published)) for published in left]
        return Rows(found, {mark: reason for reason, mark in letters.items()})


def comparisons(templates: Path) -> dict[str, Callable[..., Any]]:
    """What templates call; the file is read at the first call."""
    return Comparisons(templates).functions()


def reasons(rows: Rows) -> str:
    """Why rows are not comparable, for a line below their table; empty where all are."""
    if not isinstance(rows, Rows):
        raise ColophonError("reasons(…) takes the rows that beside(…) gave", "Keep them with {% set %}.")
    listed = "; ".join(f"^{mark}^\u00a0{markdown(reason)}" for mark, reason in rows.notes.items())
    return f"Not comparable with the published values: {listed}." if listed else ""


def pair(table: PublishedTable, ours: Sequence[Value], group: str) -> dict[int, PublishedRow]:
    """The published row that stands beside each of ours: first those that match, then those alike."""
    found: dict[int, PublishedRow] = {}
    for wanted in ("match", "like"):
        for published in table.rows:
            if any(published is taken for taken in found.values()):
                continue
            fields: dict[str, Any] = getattr(published, wanted)
            free = (i for i in range(len(ours)) if fields and i not in found)
            fitting = (i for i in free if fits(ours[i], fields, group))
            if (index := next(fitting, None)) is not None:
                found[index] = published
    return found


def fits(value: Value, fields: dict[str, Any], group: str) -> bool:
    return all(field(value, path, group) == wanted for path, wanted in fields.items())


def letter(reason: str, letters: dict[str, str]) -> str:
    """The letter of a reason, the next one for a new reason: `a` to `z`, `aa`, `bb` and so on."""
    times, place = divmod(len(letters), len(ascii_lowercase))
    return letters.setdefault(reason, ascii_lowercase[place] * (times + 1))


def cells(
    table: PublishedTable,
    published: PublishedRow,
    value: Value,
    group: str,
    differing: list[str],
    marks: list[str],
) -> dict[str, Cell]:
    """The published cells of a row, with the verdict on our `value`."""
    words = {}
    for path, column in table.columns.items():
        ours = at(value, path, group)
        if path in published.values:
            word = judge(ours, published.values[path], column, f"{group}: {path}")
            if column.judged:
                words[path] = NOT_COMPARABLE if differing else word
    together = list(words.values())
    summary = together[0] if len(set(together)) == 1 else " / ".join(together) or "–"
    mark = f"^{','.join(sorted(marks))}^" if marks else ""
    why = "; ".join(differing)
    return {
        **shown(table, published),
        "verdict": Cell(summary + mark, {"": summary, " reason": why}, numeric=False),
        **{
            f"verdict.{path}": Cell(word + mark, {"": word, " reason": why}, numeric=False)
            for path, word in words.items()
        },
    }


def shown(table: PublishedTable, published: PublishedRow) -> dict[str, Cell]:
    """The published numbers: together, and each alone."""
    texts = {
        path: number_text(published.values[path], column.unit, column.digits)
        if path in published.values
        else "–"
        for path, column in table.columns.items()
    }
    data: dict[str, Scalar] = {f" {path}": published.values.get(path) for path in table.columns}
    return {
        "published": Cell(" / ".join(texts.values()), data),
        **{f"published.{path}": Cell(text, {"": data[f" {path}"]}) for path, text in texts.items()},
    }


def blank(table: PublishedTable) -> dict[str, Cell]:
    """The cells of a row of ours that has no published counterpart."""
    whole = Cell("–", {f" {path}": None for path in table.columns})
    verdict = Cell("–", {"": None, " reason": None}, numeric=False)
    each = {f"published.{path}": Cell("–", {"": None}) for path in table.columns}
    return {"published": whole, "verdict": verdict, **each, **dict.fromkeys(verdicts(table), verdict)}


def alone(table: PublishedTable, published: PublishedRow) -> dict[str, Cell]:
    """A line of its own for a published row that nothing of ours stands beside."""
    verdict = Cell("not run here", {"": "not run here", " reason": None}, numeric=False)
    names = {
        path: Cell(number_text(value, "", None), {"": value}, numeric=not isinstance(value, str))
        for path, value in published.row.items()
    }
    ours = {path: Cell("–", {"": None}) for path in table.columns}
    judged = dict.fromkeys(["verdict", *verdicts(table)], verdict)
    return ours | names | shown(table, published) | judged


def verdicts(table: PublishedTable) -> list[str]:
    return [f"verdict.{path}" for path, column in table.columns.items() if column.judged]
