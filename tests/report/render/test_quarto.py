"""The Quarto route: what can be checked without Quarto, with a stand-in, and with Quarto itself."""

import re
import shutil
import stat
from pathlib import Path
from typing import Literal

import lxml.html
import pytest
import yaml

from report.errors import ColophonError
from report.render import quarto, render


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Puts a `quarto` on the PATH that prints `says`, writes its output, ends with `status`."""

    def make(says: str = "", status: int = 0) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        program = folder / "quarto"
        program.write_text(
            f"#!/bin/sh\necho \"$@\" > '{tmp_path}/arguments'\n"
            f"cat <<'END' >&2\n{says}\nEND\n"
            'while [ "$1" != --output ]; do shift; done\n'
            f'[ {status} = 0 ] && echo made by the stand-in > "$2"\nexit {status}\n'
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        return tmp_path / "arguments"

    return make


def render_html(source: Path, renderer: Literal["auto", "pandoc"] = "auto") -> Path:
    target = source.parent.parent / "report.html"
    render(source, target, renderer=renderer, epoch=1, log=target.with_suffix(".log"))
    return target


def test_the_project_file_numbers_by_chapter_and_names_the_engine(project):
    written = yaml.safe_load(quarto.write_project(project("Text.\n")).read_text())
    assert written["number-sections"] is True
    assert written["crossref"] == {"chapters": True}
    pdf, html = written["format"]["pdf"], written["format"]["html"]
    assert pdf["pdf-engine"] == "pdflatex" and pdf["documentclass"] == "scrreprt"
    assert pdf["top-level-division"] == "chapter"
    assert html["embed-resources"] is True and html["html-math-method"] == "mathml"
    assert (html["default-image-extension"], pdf["default-image-extension"]) == ("svg", "pdf")
    assert written["callout-appearance"] == "minimal"


def test_every_file_that_the_project_file_names_lies_beside_it(project):
    path = quarto.write_project(project("Text.\n"))
    named = re.findall(r"quarto-theme/\S+", path.read_text())
    assert len(named) == 5
    assert all((path.parent / name).is_file() for name in named)


def test_quarto_is_taken_where_it_is_on_the_path_and_run_beside_the_source(project, stand_in):
    arguments = stand_in()
    target = render_html(project("Text.\n"))
    assert target.read_text() == "made by the stand-in\n"
    assert arguments.read_text().split() == [
        "render", "report.qmd", "--to", "html", "--output", "quarto-output.html"
    ]  # fmt: skip


def test_pandoc_can_be_asked_for_where_quarto_is_there(project, stand_in):
    stand_in()
    assert "stand-in" not in render_html(project("Text.\n"), renderer="pandoc").read_text()


def test_a_reference_that_quarto_only_warns_of_is_an_error(project, stand_in):
    stand_in("\x1b[33mWARNING (refs.lua:102) Unable to resolve crossref @thm-lost\x1b[39m")
    with pytest.raises(ColophonError, match=r"unresolved reference @thm-lost"):
        render_html(project("Text.\n"))


def test_holes_are_found_before_quarto_runs(project, stand_in):
    arguments = stand_in()
    with pytest.raises(ColophonError, match=r"line 6: unresolved reference @fig-lost"):
        render_html(project("See @fig-lost.\n"))
    assert not arguments.exists()


def test_what_quarto_prints_is_shown_where_it_fails(project, stand_in):
    stand_in("ERROR: something of its own", status=1)
    with pytest.raises(ColophonError, match=r"Quarto stopped:\n.*something of its own"):
        render_html(project("Text.\n"))


def content(path: Path) -> dict[str, list[str]]:
    """What both renderers must agree in: numbers of sections, captions, resolved references, bibliography."""
    page = lxml.html.parse(str(path)).getroot()

    def texts(query: str) -> list[str]:
        found = [element.text_content() for element in page.xpath(query)]
        return [" ".join(text.replace("\u00a0", " ").split()) for text in found]

    return {
        "sections": texts("//main//*[contains(@class, 'header-section-number')]"),
        "captions": sorted(texts("//figcaption")),
        "references": texts("//main//a[contains(@class, 'xref')]"),
        "bibliography": texts("//*[@id='refs']/*"),
    }


def test_what_the_renderers_are_compared_by_is_there(sample):
    found = content(sample.html_path)
    assert found["sections"][:2] == ["1", "1.1"]
    assert "Equation 1.1" in found["references"]
    assert all(len(found[part]) > 1 for part in found)


@pytest.mark.skipif(
    shutil.which("quarto") is None,
    reason="quarto is not on the PATH: whether both renderers agree cannot be checked here",
)
def test_quarto_and_pandoc_give_the_same_numbers_captions_references_and_bibliography(sample, tmp_path):
    target = tmp_path / "report.html"
    source = sample.folder / "report" / "report.qmd"
    render(source, target, renderer="quarto", epoch=1, log=tmp_path / "log")
    assert content(target) == content(sample.html_path)
