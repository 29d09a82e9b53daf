"""Published values beside ours: who stands beside whom, the verdicts, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
from statsmodels.stats.proportion import proportion_confint

from report.build.documents import Rendering, rendering_parts
from report.build.plan import Planner
from report.build.project import open_project
from report.document.cells import Cell
from report.document.comparison import Comparisons, Rows, reasons
from report.document.marks import settle
from report.document.published import Column, load, number_text
from report.document.tables import Tables
from report.document.values import Origin, Value
from report.document.verdicts import judge
from report.errors import ColophonError
from tests.report.document.measured import Numbers, accuracy, classifier, value_of
from tests.tiny import Tiny

REPOSITORY = Path(__file__).parents[3]
FILE = """\
sources:
  ab: {title: Nets & more, authors: [A, B], year: 2020, citation: ab2020}
values:
  ab:
    count: {value: 5, about: a count}
    time: {value: 2.52, unit: s, digits: 1, about: 'a "time"', conditions: {data: digits}}
    word: {value: quail, about: a class}
tables:
  depth:
    source: ab
    conditions: {data: digits}
    columns:
      accuracy: {unit: fraction, digits: 1}
    rows:
      - match: {title: Big, layer: fc}
        like: {family: convolutional, layer: fc}
        row: {title: Big, layer: fc}
        values: {accuracy: 0.912}
      - match: {title: Former, layer: token}
        like: {family: transformer}
        row: {title: Former, layer: token}
        values: {accuracy: 0.950}
"""


@pytest.fixture
def beside(tmp_path: Path) -> Comparisons:
    (tmp_path / "published.yaml").write_text(FILE)
    return Comparisons(tmp_path)


def numbers(data: str = "digits") -> Value:
    return value_of(Numbers(data=data, count=5, time=2.54, score=0.5, shares=[0.5]))


def net(tmp_path: Path, title: str, right: int = 90, **about: str) -> Value:
    return classifier(
        tmp_path / title, [1] * right + [0] * (100 - right), "net", **{"title": title, **about}
    )


def words(rows: Rows) -> list[tuple[str, str]]:
    return [(row.cells["published"].text, row.cells["verdict"].text) for row in rows]


def test_a_row_stands_beside_the_one_it_matches_and_what_is_left_over_follows(beside, tmp_path):
    ours = [net(tmp_path, "Other", layer="fc"), net(tmp_path, "Big"), net(tmp_path, "More")]
    rows = beside.beside("depth", ours, numbers())
    assert words(rows) == [("–", "–"), ("91.2", "reproduced"), ("–", "–"), ("95.0", "not run here")]
    assert [row.value for row in rows] == [*ours, None]
    assert rows[3].cells["title"] == Cell("Former", {"": "Former"}, numeric=False)
    assert rows[1].cells["published"].data == {" accuracy": 0.912}
    assert reasons(rows) == ""


def test_without_a_match_the_nearest_stands_there_and_the_reasons_are_told_once(beside, tmp_path):
    ours = [net(tmp_path, "VGG_small"), net(tmp_path, "ViT_small", family="transformer", layer="token")]
    rows = beside.beside("depth", ours, numbers("letters"))
    assert words(rows) == [("91.2", "not comparable^a,b^"), ("95.0", "not comparable^a,c^")]
    assert reasons(rows) == (
        "Not comparable with the published values: ^a^\u00a0letters instead of digits; "
        r"^b^"
        "\u00a0"
        r"VGG\_small instead of Big; "
        r"^c^"
        "\u00a0"
        r"ViT\_small instead of Former."
    )
    assert rows[0].cells["verdict"].data[" reason"] == "letters instead of digits; VGG_small instead of Big"


def test_a_number_that_is_another_is_told_in_the_files_words_or_by_its_name(tmp_path):
    words = 'words: {count: "{ours} instead of {theirs} boxes"}\n'
    conditions = "conditions: {count: 1200, score: 0.25}"
    text = FILE.replace("conditions: {data: digits}", conditions)
    (tmp_path / "published.yaml").write_text(words + text)
    rows = Comparisons(tmp_path).beside("depth", [net(tmp_path, "Big")], numbers())
    assert list(rows.notes.values()) == ["5 instead of 1,200 boxes", "score 0.5 instead of 0.25"]


def test_the_same_network_on_other_data_is_not_comparable(beside, tmp_path):
    rows = beside.beside("depth", [net(tmp_path, "Big")], numbers("letters"))
    assert words(rows)[0] == ("91.2", "not comparable^a^")


def test_such_rows_make_a_table(beside, tmp_path):
    rows = beside.beside("depth", [net(tmp_path, "Big")], numbers())
    columns = [["Net", "title"], ["Ours", "accuracy"], ["Theirs", "published"], ["Verdict", "verdict"]]
    lines = settle(Tables()("tbl-x", "C", columns, rows)).splitlines()
    assert lines[2].startswith("| Big | ") and lines[2].endswith("| 91.2 | reproduced |")
    assert lines[3] == "| Former | – | 95.0 | not run here |"


def interval(right: int, total: int) -> Any:
    return proportion_confint(right, total, method="wilson")


@pytest.mark.parametrize("right", range(800, 1000, 7))
def test_an_accuracy_is_reproduced_close_or_differs_by_the_two_intervals(right: int):
    theirs, total = 0.9, 1000
    low, high = interval(right, total)
    their_low, their_high = interval(900, total)
    inside, overlap = low <= theirs <= high, low <= their_high and their_low <= high
    expected = "reproduced" if inside else "close" if overlap else "differs"
    ours = value_of(accuracy(right, total))
    assert judge(ours, theirs, Column(unit="fraction", digits=1), "x") == expected


@pytest.mark.parametrize(
    ("path", "theirs", "column", "expected"),
    [
        ("count", 5, Column(), "reproduced"),
        ("count", 6, Column(), "differs"),
        ("time", 2.5, Column(unit="s", digits=1), "reproduced"),
        ("time", 2.52, Column(unit="s", digits=2), "close"),
        ("time", 2.6, Column(unit="s", digits=1), "differs"),
        ("data", "digits", Column(), "reproduced"),
        ("data", "letters", Column(), "differs"),
    ],
)
def test_a_number_without_interval_is_compared_to_the_published_digits(path, theirs, column, expected):
    assert judge(numbers()[path], theirs, column, "x") == expected


@pytest.mark.parametrize(
    ("ours", "theirs", "digits"),
    [
        (1200000, 1200000.0, None),
        (1200000.0, 1200000, None),
        (61100840, 61100840.0, None),
        (-0.0004, 0.0, 2),
        (0.0, -0.0, None),
    ],
)
def test_numbers_that_are_equal_are_reproduced_however_they_are_written(ours, theirs, digits):
    value = Value(Origin("part/stage", Path()), ("count",), ours, {}, {})
    assert judge(value, theirs, Column(digits=digits), "x") == "reproduced"
    assert number_text(ours, "", digits) == number_text(theirs, "", digits)
    assert "e" not in number_text(theirs, "", digits) and "−" not in number_text(ours, "", digits)


def test_a_single_value_prints_with_its_unit_and_names_its_source(beside):
    text = settle(str(beside.published("ab.time")))
    assert text.startswith("[2.5\u00a0s]{.published title=")
    assert "A and B, Nets" in text and "2020" in text
    assert beside.published("ab.count").citation == "[@ab2020]"


def test_a_single_value_is_compared_under_its_conditions(beside):
    ours = numbers()
    assert str(beside.compare(ours.count, "ab.count")) == "reproduced"
    assert str(beside.compare(ours.time, "ab.time", ours)) == "reproduced"
    verdict = beside.compare(ours.time, "ab.time", numbers("letters"))
    assert (verdict.word, str(verdict)) == ("not comparable", "not comparable (letters instead of digits)")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda b, v: b.published("ab.coumt"), r"no value 'ab.coumt'\s+Did you mean ab.count\?"),
        (lambda b, v: b.beside("dept", [v], v), r"no table 'dept'\s+Did you mean depth\?"),
        (lambda b, v: b.compare(v.time, "ab.time"), r"ab.time is published for data digits, and nothing given has"),
        (lambda b, v: b.beside("depth", [v], v), r"published table depth names 'title': .* have no 'title'"),
        (lambda b, v: b.compare(v.score, "ab.time", v), r"ab.time is published in s, part/stage: score in no unit"),
        (lambda b, v: b.compare(v.data, "ab.count"), r"part/stage: data can't be compared with 5"),
        (lambda b, v: b.functions()["reasons"]([v]), r"takes the rows that beside\(…\) gave"),
    ],
)  # fmt: skip
def test_what_can_not_be_compared_is_refused_in_words(beside, call, message):
    with pytest.raises(ColophonError, match=message):
        call(beside, numbers())


def test_a_value_path_that_a_row_lacks_is_refused(tmp_path):
    text = FILE.replace("accuracy: {unit", "acuracy: {unit").replace("{accuracy: 0", "{acuracy: 0")
    (tmp_path / "published.yaml").write_text(text)
    with pytest.raises(ColophonError, match=r"published table depth names 'acuracy': .* have no 'acuracy'"):
        Comparisons(tmp_path).beside("depth", [net(tmp_path, "Big")], numbers())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("sources:", "sources: [", r"published.yaml, line \d+: not readable as YAML"),
        ("    source: ab", "    source: xy", r"tables.depth.source: no source 'xy'\s+Known: ab"),
        ("  ab:\n    count", "  xy:\n    count", r"values.xy: no source 'xy'"),
        (
            "{accuracy: 0.912}",
            "{acc: 0.912}",
            r"tables.depth.rows.0.values.acc: no such column\s+.*accuracy",
        ),
        ("{value: 5,", "{valu: 5,", r"values.ab.count.value"),
        ("0.912}", "much}", r"tables.depth.rows.0.values.accuracy"),
        ("0.912}", ".nan}", r"tables.depth.rows.0.values.accuracy"),
        (
            "sources:",
            'words: {n: "{ours} of it"}\nsources:',
            r"words.n: '\{ours\} of it' does not name both values",
        ),
        (
            "sources:",
            'words: {n: "{ours of it"}\nsources:',
            r"words.n: '\{ours of it' does not name both values",
        ),
        ("0.912}", "91.2}", r"tables.depth.rows.0.values.accuracy: 91.2 is no fraction .*\s+Write 90.6 %"),
        ("5, about", "5, unit: fraction, about", r"values.ab.count: 5 is no fraction"),
        ("{title: Big, layer: fc}", "{}", r"tables.depth.rows.0.match"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_the_place(tmp_path, old, new, message):
    assert old in FILE
    (tmp_path / "published.yaml").write_text(FILE.replace(old, new, 1))
    with pytest.raises(ColophonError, match=message):
        load(tmp_path)


def test_without_the_file_the_functions_say_where_it_belongs(tmp_path):
    with pytest.raises(ColophonError, match=r"no templates/published.yaml"):
        Comparisons(tmp_path).published("ab.count")


def test_published_values_and_shared_templates_are_part_of_a_documents_key(bare: Tiny, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    bare.write("templates/report/document.yaml", "title: T\nchapters: []\n")

    def parts() -> object:
        planner = Planner(open_project(root=bare.root, env={}))
        return rendering_parts(planner, Rendering("report", "html"))["shared templates"]

    seen = [parts()]
    for path, text in [
        ("published.yaml", "a"),
        ("published.yaml", "b"),
        ("shared/one.j2", "a"),
        ("shared/one.j2", "b"),
    ]:
        bare.write(f"templates/{path}", text)
        seen.append(parts())
    assert all(seen.count(part) == 1 for part in seen)


def test_the_published_counts_and_shares_of_the_project_agree_with_arithmetic():
    library = load(REPOSITORY / "templates")
    of: dict[str, Any] = {name: entry.value for name, entry in library.values["dv24"].items()}
    dense = [inputs * outputs + outputs for inputs, outputs in ((25088, 4096), (4096, 4096), (4096, 1000))]
    counts = library.tables["architecture"].rows[0].values
    assert counts["fully_connected"] == sum(dense)
    assert of["vgg16_total"] == counts["parameters"] == sum(dense) + counts["convolutional"]
    mlp = [inputs * outputs + outputs for inputs, outputs in ((4096, 1024), (1024, 512), (512, 15))]
    assert [row.values["parameters"] for row in library.tables["mlp"].rows] == mlp
    assert of["mlp_total"] == sum(mlp)
    assert (round(2674 / 2985, 4), round(2668 / 2985, 4)) == (of["mlp_alone"], of["mlp_inside"])
    best = {
        name: max(row.values["normalized.tuned.accuracy"] for row in library.tables[name].rows)
        for name in ("svm-tuning", "svm-tuning-transformers")
    }
    assert 100 * (best["svm-tuning-transformers"] - best["svm-tuning"]) == pytest.approx(of["vit_over_vgg"])
    bibliography = (REPOSITORY / "templates/shared/references.bib").read_text()
    assert all(f"{{{source.citation}," in bibliography for source in library.sources.values())


def test_every_published_value_of_the_project_stands_in_a_document():
    library = load(REPOSITORY / "templates")
    texts = "".join(file.read_text() for file in (REPOSITORY / "templates").rglob("*.j2"))
    keys = {
        f"{source}.{name}" for source, own in library.values.items() for name in own
    } | library.tables.keys()
    assert [key for key in sorted(keys) if f'"{key}"' not in texts] == []
