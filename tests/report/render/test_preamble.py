"""The packages of a document are loaded from a format, with the same PDF as without one."""

import json
from pathlib import Path

import pytest

from report.render import preamble, render
from tests.report.render.conftest import EPOCH, lay_out

TEXT = "# One {#sec-one}\n\nSee @tbl-a and [@lazebnik2006].\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n: Two numbers. {#tbl-a}\n"


def pdf(source: Path, name: str = "report") -> tuple[bytes, str]:
    """The PDF of `source` and what its tools printed."""
    target, log = source.parent.parent / f"{name}.pdf", source.parent.parent / "pdf.log"
    render(source, target, renderer="pandoc", epoch=EPOCH, log=log)
    return target.read_bytes(), log.read_text(encoding="utf-8")


@pytest.fixture
def without(monkeypatch):
    """Makes a PDF as it is without a format."""

    def make(source: Path) -> bytes:
        with monkeypatch.context() as patched:
            patched.setattr(preamble, "prepare", lambda job, document: None)
            made, log = pdf(source, "without")
        assert "-fmt=" not in log
        return made

    return make


def test_a_format_is_made_once_and_changes_no_byte(needs_latex, project, without) -> None:
    source = project(TEXT)
    made, log = pdf(source)
    assert "-ini" in log and "-fmt=preamble" in log
    assert made == without(source)
    source.write_text(source.read_text().replace("See", "Now see"))
    edited, log = pdf(source)
    assert "-ini" not in log and "-fmt=preamble" in log
    assert edited != made and edited == without(source)


def test_an_edit_takes_the_passes_it_needs_and_ends_where_a_new_build_does(
    needs_latex, project, tmp_path
) -> None:
    filler = "Words that fill pages. " * 700
    start = f"# One\n\nSee @sec-end.\n\nFILLER\n\n# End {{#sec-end}}\n\n@tbl-a on page.\n\n{TEXT.split('.', 1)[1]}"
    first = start.replace("FILLER", "Short.")
    source = project(first)
    head = source.read_text().removesuffix(first)
    before, log = pdf(source)
    assert "latexmk" in log
    source.write_text(head + first.replace("Short.", "Shot."))
    _, log = pdf(source)
    assert "latexmk" not in log  # nothing moved: one pass
    source.write_text(head + start.replace("FILLER", filler))
    moved, log = pdf(source)
    assert "latexmk" in log
    source.write_text(head + first)
    assert pdf(source)[0] == before
    again = lay_out(tmp_path / "new", head + start.replace("FILLER", filler))
    assert pdf(again)[0] == moved


@pytest.mark.parametrize("what", ["content", "a file it was read from", "record"])
def test_a_format_that_is_not_as_it_would_be_made_is_made_anew(needs_latex, project, what) -> None:
    source = project(TEXT)
    made, _ = pdf(source)
    folder = source.parent / "latex"
    if what == "content":
        dumped = bytearray((folder / "preamble.fmt").read_bytes())
        dumped[len(dumped) // 2] ^= 1
        (folder / "preamble.fmt").write_bytes(dumped)
    else:
        record = json.loads((folder / "preamble.json").read_text())
        assert any(file.endswith("scrreprt.cls") for file in record["files"])
        record["files"] = {file: [1, 1] for file in record["files"]} if what != "record" else {}
        (folder / "preamble.json").write_text(json.dumps(record))
    again, log = pdf(source)
    assert "-ini" in log and again == made


def test_what_cannot_be_dumped_or_read_with_a_format_is_compiled_without(
    needs_latex, project, without, monkeypatch
) -> None:
    source = project(TEXT)
    monkeypatch.setattr(preamble, "KEEP_STATE", "\\undefined\n\\dump\n")
    made, log = pdf(source)
    assert "-ini" in log and "-fmt=" not in log
    monkeypatch.undo()
    monkeypatch.setattr(preamble, "RESTORE_STATE", "\\undefined")
    again, log = pdf(source)
    assert "-fmt=preamble" in log and again == made == without(source)


def test_packages_of_the_author_are_not_in_the_format(needs_latex, project, without) -> None:
    source = project(TEXT)
    added = "---\nheader-includes: |\n  ```{=latex}\n  \\usepackage{transparent}\n  ```\n"
    source.write_text(source.read_text().replace("---\n", added, 1))
    made, log = pdf(source)
    assert "-fmt=preamble" in log and made == without(source)
    assert "transparent" not in (source.parent / "latex" / "preamble.tex").read_text()


def test_a_document_without_the_line_up_to_which_a_format_goes_has_none(tmp_path, project) -> None:
    source = project(TEXT)
    document = source.parent / "latex" / "document.tex"
    document.parent.mkdir()
    document.write_text("% date\n\\documentclass{article}\n\\begin{document}\\end{document}\n")
    job = preamble.Job(source, tmp_path / "x.pdf", EPOCH, tmp_path / "log")
    assert preamble.prepare(job, document) is None
