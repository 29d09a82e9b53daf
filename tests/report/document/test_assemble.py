"""Templates and results become markdown, or an error with file and line."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from report.build.plan import Planner
from report.build.project import open_project
from report.document.assemble import assemble
from report.errors import ColophonError

REPOSITORY = Path(__file__).parents[3]
STAGE = """
from report import stage
from report.stage import quantity

class Settings(stage.Settings):
    seed: int = 3

class Row(stage.Metrics):
    name: str = quantity("label")
    share: float = quantity("a share", "fraction", 1)

class Metrics(stage.Metrics):
    images: int = quantity("images, a count")
    rows: list[Row] = quantity("rows")

def run(settings, inputs, outputs):
    return Metrics(images=1234, rows=[Row(name="a_b <x>", share=0.5), Row(name="c|d", share=0.25)])
"""

Write = Callable[[str], str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of one stage, which has run."""
    folder = tmp_path_factory.mktemp("a document")
    files = {
        "pipeline.yaml": "stages: {part/count: {about: counts_things}}\n",
        "profiles/demo.yaml": "about: for the tests\n",
        "experiments/__init__.py": "",
        "experiments/part/__init__.py": "",
        "experiments/part/count.py": STAGE,
        "templates/paper/document.yaml": "title: A & B\nchapters: [one.qmd.j2]\n",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    words = [sys.executable, "-m", "report", "run", "part/count", "--profile", "demo"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def write(folder: Path) -> Write:
    """Assemble a document whose one chapter is the given template; returns the markdown."""

    def assembled(template: str) -> str:
        (folder / "templates/paper/one.qmd.j2").write_text(template)
        project = open_project("demo", folder, {"SOURCE_DATE_EPOCH": "0"})
        return assemble(Planner(project), "paper").source.read_text(encoding="utf-8")

    return assembled


def test_a_number_enters_prose_by_its_name(write):
    text = write('We saw {{ results("part/count").images }} images.')
    assert 'We saw [1,234]{.value title="part/count: images = 1234"} images.' in text


def test_the_front_matter_holds_title_profile_and_the_date_of_the_commit(write, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    head = write("Text.").split("---")[1]
    assert r"title: A \& B" in head
    assert "profile: demo" in head
    assert "date: 2 January 1970" in head


def test_a_table_has_a_line_a_row_with_labels_escaped_and_numbers_to_the_right(write):
    text = write(
        '{{ table("tbl-x", "Rows.", [["Name", "name"], ["Share, %", "share"]], results("part/count").rows) }}'
    )
    lines = text.splitlines()
    start = lines.index("| Name | Share, % |")
    assert lines[start + 1 : start + 4] == [
        "| --- | ---: |",
        r"""| a\_b \<x\> | [50.0]{.value title="part/count: rows.0.share = 0.5"} |""",
        r"""| c\|d | [25.0]{.value title="part/count: rows.1.share = 0.25"} |""",
    ]
    assert any(line.startswith(": Rows. {#tbl-x") for line in lines)


def test_identifiers_in_braces_are_left_alone_and_comments_are_dropped(write):
    assert "# Head {#sec-head}\n" in write("# Head {#sec-head}\n<# a note to the author #>\n")


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (
            '\n\n{{ results("part/count").imags }}',
            r"one.qmd.j2, line 3: part/count: its metrics have no 'imags'",
        ),
        ('\n{{ results("part/cout") }}', r"line 2: no stage 'part/cout'\s+Did you mean part/count\?"),
        ('{{ figure("part/plot") }}', r"line 1: no figure 'part/plot'"),
        ('{{ animation("part/plot") }}', r"line 1: no animation 'part/plot'"),
        ("\n{{ accuracy }}", r"line 2: 'accuracy' is undefined"),
        ("\n{% if %}", r"one.qmd.j2, line 2: "),
        ("\n\n{# a note #}", r"one.qmd.j2, line 3: a comment is written <# … #>, not {# … #}"),
        ('{{ results("part/count").rows }}', r"line 1: part/count: rows is a list"),
        ("\n{{ range(3) | length / 7 }}", r"line 2: the number 0.42\d+ was computed in the template"),
        ('{{ table("tbl-x", "C", [["N", "nam"]], results("part/count").rows) }}', r"rows.0 has no 'nam'"),
        ('{{ table("tab-x", "C", [], []) }}', r"'tab-x' does not begin with tbl-"),
        ('{{ table("tbl-x", "C", [["N", "name"]], []) }}', r"tbl-x: no rows"),
    ],
)
def test_a_template_that_names_what_is_not_there_is_refused_with_its_line(write, template, message):
    before = write("Good.")
    with pytest.raises(ColophonError, match=message):
        write(template)
    assert write("Good.") == before


def test_a_manifest_that_names_a_missing_chapter_or_key_is_refused(folder, write):
    manifest = folder / "templates/paper/document.yaml"
    good = manifest.read_text()
    try:
        manifest.write_text("title: T\nchapters: [two.qmd.j2]\n")
        with pytest.raises(ColophonError, match=r"no chapter two.qmd.j2\s+Did you mean one.qmd.j2"):
            write("Text.")
        manifest.write_text("title: T\nchapter: [one.qmd.j2]\n")
        with pytest.raises(ColophonError, match=r"document.yaml: .*chapter: unknown"):
            write("Text.")
        for files in ("chapters: [../other/one.qmd.j2]", "chapters: []\nbibliography: ../other/works.bib"):
            manifest.write_text(f"title: T\n{files}\n")
            with pytest.raises(
                ColophonError, match=r"paper/document.yaml: \.\./other/.* in another folder"
            ):
                write("Text.")
    finally:
        manifest.write_text(good)


def test_a_template_of_another_document_is_not_included_by_a_name_that_is_computed(folder, write):
    (folder / "templates/other").mkdir()
    (folder / "templates/other/one.qmd.j2").write_text("Words.")
    with pytest.raises(ColophonError, match=r"paper/one.qmd.j2, line 2: other/one.qmd.j2 is included from"):
        write('\n{% include "other/" ~ "one.qmd.j2" %}')


def test_the_colophon_lists_script_settings_seed_machine_and_versions(write):
    text = write(
        "{% for s in stages %}{{ s.script }}; {{ s.settings }}; {{ s.seed }}; {{ s.machine }}; "
        "{{ s.versions }}; {{ s.took }}; {{ s.about }}{% endfor %}"
    )
    assert "experiments/part/count.py; {'seed': '3'}; 3; " in text
    assert "cores, " in text and "python 3." in text and "numpy " in text
    assert text.rstrip().endswith(r"counts\_things")


ESCAPES = {
    "a class's kin": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "a function's globals": "{{ results.__globals__ }}",
    "a value's insides": '{{ results("part/count")._raw }}',
    "a format string": '{{ "{a.__class__}".format(a=results) }}',
    "a change of what was given": "{{ profile.update({'name': 'x'}) }}",
    "a very long loop": "{% for i in range(10**9) %}x{% endfor %}",
}


@pytest.mark.parametrize("template", ESCAPES.values(), ids=ESCAPES)
def test_a_template_reaches_nothing_but_its_functions(write, template):
    with pytest.raises(
        ColophonError, match=r"templates/paper/one\.qmd\.j2, line 1: .*(unsafe|too big|Range)"
    ):
        write(template)


@pytest.mark.parametrize(
    "template",
    [
        "{{ results.__globals__ }}",
        "{{ ().__class__.__base__.__subclasses__() }}",
        '{{ "{that.__class__}".format(that=results) }}',
        '{% set names = ["a"] %}{{ names.append("b") }}',
    ],
)
def test_a_template_reaches_nothing_behind_what_it_is_given(template: str, write: Write) -> None:
    with pytest.raises(ColophonError, match=r"one\.qmd\.j2.*(is unsafe|not safely callable)"):
        write(template)
