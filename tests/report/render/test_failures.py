"""What cannot be rendered is refused: the thing and its line are named, the old file stays."""

import re
from pathlib import Path

import pytest

from report.errors import ColophonError
from report.render import render
from report.render.latex import latex_packages

HEAD = 5  # lines of front matter that `project` puts before the body


def render_to(source: Path, suffix: str = "html", **options) -> Path:
    target = source.parent.parent / f"report.{suffix}"
    settings = {"renderer": "pandoc", "epoch": 1, "log": target.with_suffix(".log")} | options
    render(source, target, **settings)
    return target


HOLES = {
    "unresolved reference": ("One line.\n\nSee @fig-nowhere.\n", "@fig-nowhere", 3),
    "unresolved in brackets": ("See [-@tbl-gone; @eq-gone].\n", "@eq-gone", 1),
    "duplicate label": (
        "![a](../figures/transfer/left){#fig-twin}\n\n![b](../figures/transfer/left){#fig-twin}\n",
        "fig-twin",
        3,
    ),
    "duplicate equation": ("$$a$$ {#eq-x}\n\n$$b$$ {#eq-x}\n", "eq-x", 3),
    "missing image": ("Text.\n\n![A](../figures/transfer/undrawn){#fig-a}\n", "undrawn", 3),
    "missing citation": ("Text.\nAs shown [@nobody2020].\n", "@nobody2020", 2),
}


@pytest.mark.parametrize("hole", HOLES)
def test_a_hole_in_the_document_is_an_error_that_names_it_and_its_line(project, hole):
    body, name, line = HOLES[hole]
    source = project(body)
    with pytest.raises(ColophonError) as error:
        render_to(source)
    named = [text for text in str(error.value).splitlines() if name in text]
    assert named and re.search(rf"report\.qmd, lines? (\d+, )?{HEAD + line}:", named[0])


def test_all_holes_are_reported_at_once(project):
    source = project("See @fig-one, @tbl-two and [@three1999].\n")
    with pytest.raises(ColophonError, match=r"(?s)@fig-one.*@tbl-two.*@three1999"):
        render_to(source)


def test_a_label_in_a_code_block_is_no_reference(project):
    source = project("```\nSee @fig-nowhere, ![x](nothing.png)\n```\n\n`@tbl-nowhere` too.\n")
    assert "@fig-nowhere" in render_to(source).read_text()


def test_a_label_for_each_format_is_given_once(project):
    picture = "![{0}](../figures/transfer/left){{#fig-one}}"
    only = "::: {{.content-visible {0}-format=html}}\n" + picture + "\n:::\n\n"
    page = render_to(project(only.format("when") + only.format("unless") + "See @fig-one.\n")).read_text()
    assert page.count('id="fig-one"') == 1 and 'alt="when"' in page and 'alt="unless"' not in page


def test_a_callouts_title_shows_what_its_format_does(project):
    words = "For [readers]{.content-visible when-format=html}[nobody]{.content-visible when-format=pdf}"
    page = render_to(project(f"::: {{.callout-note title='{words}'}}\nText.\n:::\n")).read_text()
    assert "For readers\n</div>" in page and "nobody" not in page


def test_a_callout_for_one_format_keeps_its_box(project):
    note = '::: {{.callout-note .content-visible when-format={0} title="Title {0}"}}\nText.\n:::\n\n'
    page = render_to(project(note.format("html") + note.format("pdf"))).read_text()
    assert page.count('class="callout callout-note"') == 1 and "Title html" in page
    assert "Title pdf" not in page


def test_a_label_given_twice_in_what_one_format_shows_is_refused(project):
    only = "::: {.content-visible when-format=html}\n![a](../figures/transfer/left){#fig-one}\n:::\n\n"
    with pytest.raises(ColophonError, match="duplicate label fig-one"):
        render_to(project(only * 2))


def test_what_looks_like_a_label_in_code_is_none(project):
    code = '`["fig-one",["a"],[` and `\\["fig-one",[],[`.\n\n'
    assert render_to(project(code + "[a]{#fig-one-part} $x$\n")).is_file()


def test_a_picture_in_a_span_for_one_format_is_a_figure(project):
    page = render_to(
        project("[![a](../figures/transfer/left){#fig-one}]{.content-visible when-format=html}\n")
    )
    assert '<figure id="fig-one">' in page.read_text()


def test_the_old_file_stays_where_the_new_one_cannot_be_made(project):
    source = project("Fine.\n")
    target = render_to(source)
    before = target.read_bytes()
    source.write_text(source.read_text() + "\nSee @fig-nowhere.\n")
    with pytest.raises(ColophonError):
        render_to(source)
    assert target.read_bytes() == before
    assert not list(target.parent.glob(".*"))


def test_broken_latex_shows_its_own_first_error_and_where_it_is(project, needs_latex):
    source = project("Text.\n\nA formula $\\undefinedmacro{x}$ here.\n\n$\\anotherone$\n")
    with pytest.raises(ColophonError) as error:
        render_to(source, "pdf")
    text = str(error.value)
    assert "! Undefined control sequence." in text
    assert re.search(r"^l\.\d+ .*\\undefinedmacro", text, flags=re.MULTILINE)
    assert f"report.qmd, line {HEAD + 3}" in text
    assert "\\anotherone" not in text
    log = source.parent.parent / "report.log"
    assert str(log) in text and "This is pdfTeX" in log.read_text()


def test_a_document_mended_after_a_latex_error_is_built(project, needs_latex):
    source = project("A formula $\\undefinedmacro$.\n")
    with pytest.raises(ColophonError):
        render_to(source, "pdf")
    source.write_text(source.read_text().replace("\\undefinedmacro", "x"))
    assert render_to(source, "pdf").read_bytes().startswith(b"%PDF")


def test_a_bibliography_that_is_not_there_is_named(project):
    source = project("Text.\n")
    (source.parent / "sample.bib").unlink()
    with pytest.raises(ColophonError, match=r"sample\.bib"):
        render_to(source)


def test_front_matter_that_is_no_yaml_is_refused(project):
    source = project("Text.\n")
    source.write_text("---\ntitle: [unclosed\n---\n\nText.\n")
    with pytest.raises(ColophonError, match=r"(?i)yaml"):
        render_to(source)


def test_an_unknown_renderer_is_refused_with_the_list(project):
    with pytest.raises(ColophonError, match=r"(?s)'word'.*auto, quarto, pandoc"):
        render_to(project("Text.\n"), renderer="word")


def test_an_unknown_format_is_refused_with_the_list(project):
    with pytest.raises(ColophonError, match=r"(?s)report\.docx.*\.html, \.pdf"):
        render_to(project("Text.\n"), "docx")


def test_quarto_asked_for_but_not_there_is_an_error(project, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ColophonError, match=r"(?s)quarto.*not on the PATH.*RENDERER=pandoc"):
        render_to(project("Text.\n"), renderer="quarto")


def test_missing_latex_is_told_with_the_command_that_installs_it(project, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ColophonError) as error:
        render_to(project("Text.\n"), "pdf")
    command = re.search(r"apt-get install .*", str(error.value))
    assert command and set(latex_packages()) <= set(command[0].split())


def test_html_needs_no_latex(project, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "A title" in render_to(project("Text.\n"), renderer="auto").read_text()


def test_latex_runs_no_commands_even_where_the_machine_would_let_it(project, needs_latex, monkeypatch):
    monkeypatch.setenv("shell_escape", "t")  # as a texmf.cnf may have it
    source = project("```{=latex}\n\\immediate\\write18{touch written-by-latex}\n```\n\nText.\n")
    assert render_to(source, "pdf").is_file()
    assert list(source.parent.parent.rglob("written-by-latex")) == []
