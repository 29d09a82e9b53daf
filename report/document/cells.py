"""What a table is made of: rows of cells, from metrics or from elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from report.document.values import Value

Scalar = str | int | float | bool | None


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: as printed, in Markdown, escaped.
        data: for the CSV file, in full precision: what to add to the column's heading -> the value.
            An interval has the keys "", " low" and " high"; most cells have the key "" alone.
        numeric: whether the column is set to the right.
    """

    text: str
    data: Mapping[str, Scalar]
    numeric: bool = True


@dataclass(frozen=True)
class Row:
    """One row of a table: a group of metrics, with cells of other origin beside them.

    Attributes:
        value: where a column's path leads from; None for a row that is not ours.
        cells: cells by column path; they come before the metrics of the same path.
    """

    value: Value | None
    cells: Mapping[str, Cell] = field(default_factory=dict)
