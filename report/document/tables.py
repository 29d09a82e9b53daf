"""Tables of metrics as Quarto markdown."""

from collections.abc import Iterable
from typing import Any

from report.document.values import Value, cell
from report.errors import ColophonError


def table(label: str, caption: str, columns: list[list[str]], rows: Iterable[Value]) -> str:
    """A numbered table: one line a row, numbers set to the right.

    Args:
        label: `tbl-…`, for references.
        caption: in Markdown.
        columns: for each its heading and the path of its value in a row (`raw.accuracy`).
        rows: the groups of metrics to take them from.

    Raises ColophonError for a label of another kind and for a table without rows.
    """
    if not label.startswith("tbl-"):
        raise ColophonError(f"the table's label {label!r} does not begin with tbl-")
    lines = [[at(row, path) for _, path in columns] for row in rows]
    if not lines:
        raise ColophonError(
            f"{label}: no rows", "Leave the table out with {% if … %} where there are none."
        )
    cells = [[heading for heading, _ in columns], *([cell(value) for value in values] for values in lines)]
    sides = ["---" if isinstance(value._raw, str) else "---:" for value in lines[0]]
    text = [line(cells[0]), line(sides), *map(line, cells[1:])]
    return "\n".join([*text, "", f': {caption} {{#{label} tbl-colwidths="false"}}'])


def line(cells: Iterable[Any]) -> str:
    return "| " + " | ".join(cells) + " |"


def at(row: Value, path: str) -> Value:
    for key in path.split("."):
        row = row[key]
    return row
