"""Tables of metrics as Quarto markdown; each is also kept for the exports."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from report.document.cells import Cell, Row
from report.document.escape import markdown
from report.document.stale import WORD as STALE
from report.document.values import MissingValueError, Value, cell, is_interval, marks_stale
from report.errors import ColophonError

SIDES = {"left": ":---", "right": "---:", "centre": ":---:"}
BLANK = Cell("–", {"": None})

Given = Value | Cell | str | None


@dataclass(frozen=True)
class Table:
    """A table as it was set: the heads in Markdown, for each column its side, the lines of cells."""

    label: str
    caption: str
    heads: list[str]
    sides: list[str]
    lines: list[list[Cell]]

    def markdown(self) -> str:
        """The pipe table, with label and caption."""
        body = [line([cell.text for cell in cells]) for cells in self.lines]
        head = [line(self.heads), line(SIDES.get(side, "---") for side in self.sides)]
        return "\n".join([*head, *body, "", f': {self.caption} {{#{self.label} tbl-colwidths="false"}}'])


class Tables:
    """The function `table` of templates, which remembers what it set.

    Attributes:
        made: the tables of the document by label.
    """

    def __init__(self) -> None:
        self.made: dict[str, Table] = {}

    def __call__(
        self,
        label: str,
        caption: str,
        columns: list[list[str]],
        rows: Iterable[Value | Row | Mapping[str, Given]],
    ) -> str:
        """A numbered table: one line a row, numbers set to the right.

        Args:
            label: `tbl-…`, for references and for the names of the exported files.
            caption: in Markdown.
            columns: for each its heading (in Markdown) and the path of its value in a row
                (`raw.accuracy`); as a third element `left`, `right` or `centre`.
            rows: groups of metrics, rows with cells beside the metrics, or mappings from path to cell.

        A table that shows a stale result says so in its caption.

        Raises ColophonError for a label of another kind, a table without rows, a side that is none
        of the three, and a column that no row has.
        """
        if not label.startswith("tbl-"):
            raise ColophonError(f"the table's label {label!r} does not begin with tbl-")
        listed = list(rows)
        if not listed:
            raise ColophonError(
                f"{label}: no rows", "Leave the table out with {% if … %} where there are none."
            )
        heads = [" ".join(heading.split()) for heading, *_ in columns]
        lines = [[find(row, path) for _, path, *_ in columns] for row in listed]
        for (heading, path, *_), cells in zip(columns, zip(*lines, strict=True), strict=True):
            if all(cell is BLANK for cell in cells):
                raise ColophonError(f"{label}: no row has {path!r}, for the column {heading!r}")
        sides = [side_of(label, columns[i], [cells[i] for cells in lines]) for i in range(len(columns))]
        if any(map(shows_stale, listed)) or any(
            marks_stale(cell.text) for cells in lines for cell in cells
        ):
            caption = f"{STALE} {caption}"
        self.made[label] = Table(label, caption, heads, sides, lines)
        return self.made[label].markdown()


def shows_stale(row: Value | Row | Mapping[str, Given]) -> bool:
    """Whether a row is made of a result that is stale."""
    given = [row.value] if isinstance(row, Row) else row.values() if isinstance(row, Mapping) else [row]
    return any(isinstance(item, Value) and item._origin.stale for item in given)


def as_row(row: Value | Row | Mapping[str, Given]) -> Row:
    if isinstance(row, Row):
        return row
    if isinstance(row, Value):
        return Row(row)
    return Row(None, {path: as_cell(given) for path, given in row.items()})


def find(given: Value | Row | Mapping[str, Given], path: str) -> Cell:
    """The cell at `path`; blank where a row that may have cells of its own has none there.

    Raises MissingValueError where a group of metrics has no such metric.
    """
    row = as_row(given)
    if path in row.cells:
        return row.cells[path]
    if row.value is None:
        return BLANK
    value = row.value
    try:
        for key in path.split("."):
            value = BLANK if value._raw is None else value[key]
            if isinstance(value, Cell):
                return value
    except MissingValueError:
        if isinstance(given, Value):
            raise
        return BLANK
    return as_cell(value)


def as_cell(given: Given) -> Cell:
    """A metric, an interval, a word or nothing as a cell of a table."""
    if isinstance(given, Cell):
        return given
    if isinstance(given, str):
        return Cell(markdown(given), {"": given}, numeric=False)
    if given is None or given._raw is None:
        return BLANK
    raw = given._raw
    data = {"": raw["value"], " low": raw["low"], " high": raw["high"]} if is_interval(raw) else {"": raw}
    return Cell(cell(given), data, numeric=not isinstance(raw, str))


def side_of(label: str, column: list[str], cells: list[Cell]) -> str:
    """`left`, `right` or `centre` if asked for, else to the right where the first thing is a number."""
    if len(column) > 2:
        if column[2] not in SIDES:
            raise ColophonError(
                f"{label}: the column {column[0]!r} can't be set {column[2]!r}",
                f"One of: {', '.join(SIDES)}",
            )
        return column[2]
    first = next(cell for cell in cells if cell is not BLANK)
    return "right" if first.numeric else ""


def line(cells: Iterable[Any]) -> str:
    return "| " + " | ".join(cells) + " |"
