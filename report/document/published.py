"""Published values, templates/published.yaml: read, checked, and printed with their source."""

from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from report.build.validation import read_model, read_yaml
from report.document.escape import attribute, markdown
from report.document.marks import mark
from report.document.numerals import general
from report.errors import ColophonError, suggestion

FILE = "published.yaml"
NBSP = "\u00a0"
Number = StrictInt | Annotated[float, Field(strict=True, allow_inf_nan=False)]
Scalar = Number | str


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Strict):
    """Where values were published; `citation` is its key in the document's bibliography."""

    title: str
    about: str = ""
    authors: list[str]
    year: int | str
    citation: str

    @property
    def words(self) -> str:
        return f"{' and '.join(self.authors)}, {self.title}, {self.year}"


class Entry(Strict):
    """One published value. `conditions` are metrics of ours that must be the same to compare it."""

    value: Scalar
    unit: str = ""
    digits: int | None = None
    about: str
    conditions: dict[str, Scalar] = {}


class Column(Strict):
    """One metric of a published table; a setting, such as the best C, is shown but not judged."""

    unit: str = ""
    digits: int | None = None
    judged: bool = True


class PublishedRow(Strict):
    """One published row.

    Attributes:
        match: metrics of the row of ours that repeats it.
        like: metrics of a row of ours to set it beside where none repeats it.
        row: cells by the column's path, for a line of its own; a text that differs from the metric
            of the same path is what makes a row not comparable.
        values: the numbers by the path of the metric.
    """

    match: Annotated[dict[str, Scalar], Field(min_length=1)]
    like: dict[str, Scalar] = {}
    row: dict[str, Scalar]
    values: dict[str, Number]


class PublishedTable(Strict):
    about: str = ""
    source: str
    conditions: dict[str, Scalar] = {}
    columns: dict[str, Column]
    rows: list[PublishedRow]


class Library(Strict):
    """Everything in the file.

    Attributes:
        words: for a metric that is a number, how to say that ours is not the published one:
            `a learning rate of {ours} instead of {theirs}`.
    """

    words: dict[str, str] = {}
    sources: dict[str, Source] = {}
    values: dict[str, dict[str, Entry]] = {}
    tables: dict[str, PublishedTable] = {}

    def entry(self, key: str) -> "Published":
        """The value `dv24.mlp_total`. Raises ColophonError, with the nearest key, where there is none."""
        known = {f"{source}.{name}": (source, name) for source, own in self.values.items() for name in own}
        if key not in known:
            raise ColophonError(f"{FILE} has no value {key!r}", suggestion(key, sorted(known)))
        source, name = known[key]
        return Published(key, self.values[source][name], self.sources[source])

    def table(self, name: str) -> PublishedTable:
        if name not in self.tables:
            raise ColophonError(f"{FILE} has no table {name!r}", suggestion(name, sorted(self.tables)))
        return self.tables[name]


@dataclass(frozen=True)
class Published:
    """A published value as templates see it: it prints with its unit, its source as a tooltip."""

    key: str
    entry: Entry
    source: Source

    @property
    def _raw(self) -> Scalar:
        return self.entry.value

    @property
    def citation(self) -> str:
        return f"[@{self.source.citation}]"

    def __str__(self) -> str:
        shown = number_text(self._raw, self.entry.unit, self.entry.digits) + unit_text(self.entry.unit)
        about = attribute(f"published: {self.entry.about} ({self.source.words})")
        return mark(f'[{shown}]{{.published title="{about}"}}', shown)


def load(templates: Path) -> Library:
    """The file in `templates`. Raises ColophonError for whatever is wrong with it, and where."""
    path = templates / FILE
    if not path.is_file():
        raise ColophonError(f"no templates/{FILE}", "Write the published values there (docs/claims.md).")
    library = read_model(f"templates/{FILE}", Library, read_yaml(path))
    for key, text in library.words.items():
        require_both(text, f"words.{key}")
    for name, values in library.values.items():
        require_source(library, name, f"values.{name}")
        for key, entry in values.items():
            require_fraction(entry.value, entry.unit, f"values.{name}.{key}")
    for name, table in library.tables.items():
        require_source(library, table.source, f"tables.{name}.source")
        for index, row in enumerate(table.rows):
            for column, value in row.values.items():
                where = f"tables.{name}.rows.{index}.values.{column}"
                if column not in table.columns:
                    raise ColophonError(
                        f"templates/{FILE}: {where}: no such column",
                        suggestion(column, sorted(table.columns)),
                    )
                require_fraction(value, table.columns[column].unit, where)
    return library


def require_source(library: Library, source: str, where: str) -> None:
    if source not in library.sources:
        raise ColophonError(
            f"templates/{FILE}: {where}: no source {source!r}", suggestion(source, sorted(library.sources))
        )


def require_both(text: str, where: str) -> None:
    try:
        names = sorted(str(name) for _, name, *_ in Formatter().parse(text) if name is not None)
    except ValueError:  # a brace without its other half
        names = []
    if names != ["ours", "theirs"]:
        raise ColophonError(
            f"templates/{FILE}: {where}: {text!r} does not name both values once",
            "Write for example 'a learning rate of {ours} instead of {theirs}'.",
        )


def require_fraction(value: Scalar, unit: str, where: str) -> None:
    if unit == "fraction" and (isinstance(value, str) or not 0 <= value <= 1):
        raise ColophonError(
            f"templates/{FILE}: {where}: {value} is no fraction from 0 to 1", "Write 90.6 % as 0.906."
        )


def number_text(raw: Any, unit: str, digits: int | None) -> str:
    """A number as published, without its unit; a fraction in percent; text escaped."""
    if isinstance(raw, str):
        return markdown(raw)
    scaled = 100 * raw if unit == "fraction" else raw
    if digits is None:
        text = f"{scaled:,}" if isinstance(scaled, int) else general(scaled, significant=6)
    else:
        text = f"{scaled:z,.{digits}f}"  # z: what rounds to zero has no minus
    return text.replace("-", "−")


def unit_text(unit: str) -> str:
    return NBSP + ("%" if unit == "fraction" else unit) if unit else ""
