"""What other people's documents read: CSV and JSON in full precision, LaTeX that compiles."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from report.document import exports
from report.document.cells import Cell, Row
from report.document.tables import Tables
from report.document.values import Origin, Value
from report.errors import ColophonError
from report.stage import Metrics, quantity


class Share(Metrics):
    value: float = quantity("a share", "fraction", 1)
    low: float = quantity("its lower end", "fraction", 1)
    high: float = quantity("its upper end", "fraction", 1)


class Line(Metrics):
    name: str = quantity("the network")
    accuracy: Share = quantity("share of images classified rightly")
    gain: float = quantity("gain", "points", 1)


class Sample(Metrics):
    images: int = quantity("images, a count")
    good: bool = quantity("whether it worked")
    nothing: Line | None = quantity("the worst row")
    story: str = quantity("a long text")
    rows: list[Line] = quantity("all rows")
    by_name: dict[str, Share] = quantity("the same by name")


HOSTILE = "A_b & 100% {#x} $y$ [z]"
SHARES = [(0.8834123456789, 0.8712, 0.8944), (0.25, 0.2, 1 / 3)]


@pytest.fixture(scope="module")
def metrics() -> Value:
    shares = [{"value": value, "low": low, "high": high} for value, low, high in SHARES]
    raw = {
        "images": 12345,
        "good": True,
        "nothing": None,
        "story": "word " * 40,
        "rows": [
            {"name": HOSTILE, "accuracy": shares[0], "gain": -2.06},
            {"name": "plain", "accuracy": shares[1], "gain": 0.1},
        ],
        "by_name": {"100%_{#b}": shares[0]},
    }
    schema = Sample.model_json_schema(mode="serialization")
    content = Sample.model_validate(raw).model_dump(mode="json")
    return Value(Origin("part/run/seed=1", Path(), "c0ffee", "stage-x"), (), content, schema, schema)


@pytest.fixture
def folder(metrics: Value, tmp_path: Path) -> Path:
    tables = Tables()
    columns = [
        ["Network & co., *all*", "name"],
        ["Accuracy", "accuracy"],
        ["Gain $\\Delta$", "gain"],
        ["Paper", "p"],
    ]
    cells: list[dict[str, Cell]] = [{"p": Cell("88.1 [@x]", {"": 88.1, " verdict": "close"})}, {}]
    rows = [Row(row, cell) for row, cell in zip(metrics.rows, cells, strict=True)]
    tables("tbl-x", "C.", columns, rows)
    exports.write(tmp_path, tables.made.values(), [metrics])
    return tmp_path


def test_a_csv_holds_the_metrics_in_full_precision_with_three_columns_an_interval(folder, metrics):
    frame = pd.read_csv(folder / "tables/tbl-x.csv")
    accuracies = frame[["Accuracy", "Accuracy low", "Accuracy high"]]
    assert [tuple(row) for row in accuracies.to_numpy()] == SHARES
    assert list(frame.iloc[:, 0]) == [HOSTILE, "plain"]
    assert "Network & co." in frame.columns[0]
    assert list(frame["Paper"].fillna(0)) == [88.1, 0]
    assert list(frame["Paper verdict"].fillna("")) == ["close", ""]


def test_values_json_names_every_leaf_and_every_interval(folder):
    values: dict[str, Any] = json.loads((folder / "values.json").read_text())
    key = "part/run/seed=1:rows.0.accuracy"
    assert values[f"{key}.value"] == {
        "value": SHARES[0][0],
        "unit": "fraction",
        "text": "88.3\u00a0%",
        "description": "a share (fraction)",
    }
    assert (values[key]["low"], values[key]["high"], values[key]["unit"]) == (*SHARES[0][1:], "fraction")
    assert values[key]["text"] == "88.3\u00a0% (95\u00a0% interval 87.1 to 89.4\u00a0%)"
    assert values["part/run/seed=1:good"]["text"] == "yes"
    assert values["part/run/seed=1:nothing"]["value"] is None
    assert values["part/run/seed=1:rows.0.name"]["text"] == HOSTILE
    assert not [key for key in values if "story" in key]
    assert len(values) == 3 + 2 * (2 + 4) + 4


def test_files_of_tables_that_are_gone_disappear(folder, metrics):
    tables = Tables()
    tables("tbl-y", "C.", [["Name", "name"]], metrics.rows)
    exports.write(folder, tables.made.values(), [metrics])
    assert {path.name for path in (folder / "tables").iterdir()} == {"tbl-y.csv", "tbl-y.tex"}
    exports.write(folder, [], [])
    assert not list((folder / "tables").iterdir())
    assert json.loads((folder / "values.json").read_text()) == {}


def test_files_are_made_once_and_made_good_when_altered(folder, metrics, monkeypatch):
    def write(version: str = "") -> None:
        tables = Tables()
        tables("tbl-y", "C.", [["Name", "name"]], metrics.rows)
        exports.write(folder, tables.made.values(), [metrics], version)

    write()
    whole = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    ran: list[str] = []
    convert = exports.convert
    monkeypatch.setattr(exports, "convert", lambda texts, to: ran.append(to) or convert(texts, to))
    write()
    assert ran == []
    for path in (folder / "tables/tbl-y.csv", folder / "values.tex"):
        path.write_bytes(path.read_bytes()[:-2] + b"?\n")
        write()
    (folder / "values.json").unlink()
    write()
    assert ran == ["plain", "latex"] * 3
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == whole
    write("another version")
    assert len(ran) == 8


def test_a_cell_of_two_paragraphs_is_refused(metrics, tmp_path):
    tables = Tables()
    tables("tbl-x", "C.", [["A", "a"]], [{"a": Cell("one\n\ntwo", {"": 1})}])
    with pytest.raises(ColophonError, match="can't be written as latex: a cell is more than a line"):
        exports.write(tmp_path, tables.made.values(), [])


def compiled(folder: Path, body: str) -> subprocess.CompletedProcess[str]:
    if not shutil.which("latexmk") or not shutil.which("pdftotext"):
        pytest.skip("latexmk or pdftotext is missing: make latex installs them")
    guide = (Path(__file__).parents[3] / "docs/exports.md").read_text(encoding="utf-8")
    example = re.search(r"```latex\n(.*?)```", guide, re.DOTALL)
    assert example, "docs/exports.md has no example in LaTeX"
    head = example[1].split("\\begin{document}")[0].replace("build/demo/report", folder.as_posix())
    text = f"{head}\\begin{{document}}\n{body}\n\\end{{document}}\n"
    (folder / "own.tex").write_text(text, encoding="utf-8")
    words = ["latexmk", "-pdf", "-interaction=nonstopmode", "-halt-on-error", "own.tex"]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


def test_a_document_of_ones_own_inputs_tables_and_macros_and_prints_the_numbers(folder):
    key = "part/run/seed=1:"
    done = compiled(
        folder,
        "\\section{About \\colophon{" + key + "images}}\n\\tableofcontents\n"
        "\\begin{table}\\caption{Of \\colophon{"
        + key
        + "rows.1.gain}}\\input{tables/tbl-x.tex}\\end{table}\n"
        "We saw \\colophon{" + key + "rows.0.accuracy} with \\colophon{" + key + "rows.0.name}, "
        "\\ifdim\\colophonvalue{" + key + "rows.0.gain}pt<0pt less\\fi{} than "
        "\\colophonvalue{" + key + "rows.0.accuracy.value}; by name "
        "\\colophon{" + key + "by_name.100-_--b-}.",
    )
    assert done.returncode == 0, done.stdout[-3000:]
    words = ["pdftotext", "-layout", str(folder / "own.pdf"), "-"]
    shown = " ".join(subprocess.run(words, capture_output=True, text=True, check=True).stdout.split())
    interval = "88.3 % (95 % interval 87.1 to 89.4 %)"
    assert f"We saw {interval} with {HOSTILE}, less than 0.8834123456789; by name {interval}." in shown
    assert "About 12,345" in shown and "Of 0.1 points" in shown
    assert re.search(re.escape(HOSTILE) + r" 88\.3 \[87\.1, 89\.4\] −2\.1 88\.1", shown)
    assert re.search(r"plain 25\.0 \[20\.0, 33\.3\] 0\.1 [–-]", shown), shown


def test_an_unknown_name_is_an_error_that_names_it(folder):
    done = compiled(folder, r"\colophon{part/run/seed=1:rows.9.gain}")
    assert done.returncode != 0
    assert "Package colophon Error: No value is called 'part/run/seed=1:rows.9.gain'" in done.stdout
