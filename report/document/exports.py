"""The tables as CSV and LaTeX, every value as JSON and as LaTeX macros, for documents of other people."""

import csv
import io
import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from report.build.content import digest, read_json, sha256, write_json
from report.document import escape, marks
from report.document.tables import Table
from report.document.values import Value, is_interval, show
from report.errors import ColophonError
from report.render.pandoc import executable, identity

WRITTEN = "exports.json"  # in the document's folder: what the files were written from, and their hashes
LINE = 120  # a longer text is no value to name in a sentence
UNNAMEABLE = str.maketrans(dict.fromkeys("\\{}%#", "-"))
LETTER = {"left": "l", "right": "r", "centre": "c", "": "l"}
MACROS = r"""% Every value of the build, by stage and path; written by the build, edits are lost.
% \colophon{stage:path} prints a value as the document does; \colophonvalue{stage:path} is the bare number.
\makeatletter
\newcommand*{\colophon@unknown}[1]{\PackageError{colophon}{No value is called '\detokenize{#1}'}%
  {The names are the keys of values.json, which lies beside values.tex.}}
\newcommand*{\colophon@get}[2]{\ifcsname colophon@#1@\detokenize{#2}\endcsname
  \csname colophon@#1@\detokenize{#2}\endcsname\else\colophon@unknown{#2}\fi}
\newcommand*{\colophonvalue}[1]{\colophon@get{raw}{#1}}
\DeclareRobustCommand*{\colophon}[1]{\colophon@get{text}{#1}}
\newcommand*{\colophon@define}[3]{%
  \expandafter\def\csname colophon@text@\detokenize{#1}\endcsname{#2}%
  \expandafter\def\csname colophon@raw@\detokenize{#1}\endcsname{#3}}
"""


def write(folder: Path, tables: Iterable[Table], metrics: Iterable[Value], version: str = "") -> None:
    """Write `tables/<label>.csv` and `.tex`, `values.json` and `values.tex` below `folder`.

    Nothing is done where they are there, as they were written, from the same tables and metrics.

    Args:
        folder: the document's folder in the build.
        tables: what the document shows.
        metrics: the metrics of every stage.
        version: a hash of the code that makes the files.
    """
    found, metrics = list(tables), list(metrics)
    raw = [(one._origin.stage, one._origin.stale, one._raw, one._schema) for one in metrics]
    key = digest([version, identity(), [asdict(table) for table in found], raw])
    written = read_json(folder / WRITTEN)
    if written.get("key") == key and written.get("files") == hashes(folder, written.get("files", {})):
        return
    heads = [head for table in found for head in table.heads]
    cells = [cell.text for table in found for line in table.lines for cell in line]
    plain, latex = convert(heads, "plain"), convert([*heads, *cells], "latex")
    files = {f"tables/{table.label}.csv": csv_text(table, plain) for table in found}
    files |= {f"tables/{table.label}.tex": tabular(table, latex) for table in found}
    values = {key_of(value): value for stage in metrics for value in leaves(stage)}
    files["values.json"] = json.dumps(
        {key: described(value) for key, value in values.items()}, indent=1, ensure_ascii=False
    )
    files["values.tex"] = MACROS + "".join(map(macro, values.values())) + "\\makeatother"
    (folder / "tables").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        temporary = folder / f"{name}.new"
        temporary.write_text(text + "\n", encoding="utf-8", newline="")
        temporary.replace(folder / name)
    for path in (folder / "tables").iterdir():
        if f"tables/{path.name}" not in files:
            path.unlink()
    write_json(folder / WRITTEN, {"key": key, "files": hashes(folder, files)})


def hashes(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """The sha256 of each of the named files that is there."""
    there = [name for name in names if (folder / name).is_file()]
    return {name: sha256((folder / name).read_bytes()) for name in there}


def convert(texts: Iterable[str], to: str) -> dict[str, str]:
    """Pieces of Markdown in another of pandoc's formats, `latex` or `plain`, all in one call."""
    asked = list(dict.fromkeys(texts))
    source = "\n\n".join(f"§ {marks.plain(text)}" for text in asked)
    command = [executable(), "--from=markdown", f"--to={to}", "--wrap=none"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=False)
    found = done.stdout.strip().split("\n\n") if asked else []
    if done.returncode or len(found) != len(asked):
        raise ColophonError(
            f"the tables can't be written as {to}: {done.stderr.strip() or 'a cell is more than a line'}",
            "A heading or a cell is one line of Markdown.",
        )
    minus = r"\ensuremath{-}" if to == "latex" else "−"
    return {
        text: made.removeprefix("§").strip().replace("−", minus)
        for text, made in zip(asked, found, strict=True)
    }


def csv_text(table: Table, plain: Mapping[str, str]) -> str:
    """The table in full precision: for an interval three columns, `Head`, `Head low` and `Head high`."""
    columns = []
    for index, head in enumerate(table.heads):
        cells = [line[index] for line in table.lines]
        parts = dict.fromkeys(part for cell in cells for part in cell.data)
        columns += [[plain[head] + part, *(cell.data.get(part) for cell in cells)] for part in parts]
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(zip(*columns, strict=True))
    return file.getvalue().removesuffix("\n")


def tabular(table: Table, latex: Mapping[str, str]) -> str:
    """The table as a `tabular` with the rules of booktabs, as it is printed in the document."""
    sides = "".join(LETTER[side] for side in table.sides)
    lines = [[latex[cell.text] for cell in line] for line in table.lines]
    body = [" & ".join(line) + r" \\" for line in [[latex[head] for head in table.heads], *lines]]
    return "\n".join(
        [
            rf"\begin{{tabular}}{{@{{}}{sides}@{{}}}}",
            r"\toprule",
            body[0],
            r"\midrule",
            *body[1:],
            r"\bottomrule",
            r"\end{tabular}",
        ]
    )


def leaves(value: Value) -> Iterator[Value]:
    """Every number, interval, word and truth value below `value`; texts longer than a line left out."""
    raw = value._raw
    if is_interval(raw):
        yield value
    if isinstance(raw, dict | list):
        for child in value:
            yield from leaves(child)
    elif not isinstance(raw, str) or (len(raw) <= LINE and "\n" not in raw):
        yield value


def key_of(value: Value) -> str:
    """`transfer/svm_depth:best.accuracy`."""
    return f"{value._origin.stage}:{'.'.join(map(str, value._path))}"


def printed(value: Value) -> str:
    """The value as the document prints it, as plain text."""
    raw = value._raw
    if raw is None:
        return "–"
    if isinstance(raw, bool):
        return "yes" if raw else "no"
    return raw if isinstance(raw, str) else show(value)


def described(value: Value) -> dict[str, Any]:
    """A value for values.json; of an interval also its ends."""
    raw = value._raw
    numbers = {end: raw[end] for end in ("value", "low", "high")} if is_interval(raw) else {"value": raw}
    inner = value["value"] if is_interval(raw) else value
    return numbers | {
        "unit": inner._schema.get("unit") or "",
        "text": printed(value),
        "description": value._schema.get("description", ""),
    }


def macro(value: Value) -> str:
    """The definition of one value for values.tex; signs that LaTeX can't have in a name become `-`."""
    raw = value._raw["value"] if is_interval(value._raw) else value._raw
    number = isinstance(raw, int | float) and not isinstance(raw, bool)
    bare = repr(raw) if number else escape.latex(printed(value))
    name = key_of(value).translate(UNNAMEABLE)
    return f"\\colophon@define{{{name}}}{{{escape.latex(printed(value))}}}{{{bare}}}\n"
