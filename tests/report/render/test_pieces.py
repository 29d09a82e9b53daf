"""A document read piece by piece is what pandoc reads of the whole, and an edit reads its own piece anew."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from report.errors import ColophonError
from report.render import pandoc, pieces
from report.render.tools import Job

VERSION = "a version"
HEAD = "---\ntitle: A *title*\nabstract: |\n  Some\n\n  ## text\n---\n\n"
WHOLE = """\
# One {#sec-one}

A word [@key, page 3] and a span [x]{.value}; @fig-x (@sec-two)
[@other]: more.

::: {#fig-x}
![a](a.png)

Caption.
:::

## Two {#sec-two}

```python
# a comment

## another
```

$$ a = b $$ {#eq-a} and 95 % of it, see @eq-a.[^◆^](#claims-a){.claim-mark}

# Three

| a | b |
|---|---|
| 1 | 2 |

: Caption {#tbl-x}

- item

  # in a list

# Four

End [@last].
"""
DEPENDENT = {
    "a link's address": "# A\n\n[x]\n\n# B\n\n[x]: there\n",
    "a link's address in a quote": "# A\n\n[x]\n\n# B\n\n> [x]: there\n",
    "a link's address over two lines": "# A\n\n[x\ny]\n\n# B\n\n[x\ny]: there\n",
    "a footnote's text": "# A\n\nText[^n].\n\n# B\n\n[^n]: Note.\n",
    "an abbreviation": "# A\n\nHTML\n\n# B\n\n*[HTML]: text\n",
    "a numbered example": "# A\n\n(@ex) First.\n\n# B\n\nSee (@ex).\n\n(@) Second.\n",
    "an example called like a figure": "# A\n\n(@fig-a) x\n\n# B\n\n(@fig-b) y\n",
    "a macro": "# A\n\n\\newcommand{\\x}{y}\n\n# B\n\n$\\x$\n",
    "another macro": "# A\n\n\\providecommand{\\x}{y}\n\n# B\n\n$\\x$\n",
    "a macro of TeX": "# A\n\n\\gdef\\x{y}\n\n# B\n\n$\\x$\n",
    "a heading that comes twice": "# A {#x}\n\nOne.\n\n# B\n\n## A {#y}\n\nSee [A].\n",
    "a heading's own label": "# Set-up\n\nText.\n\n# Other\n\nSee [Set-up].\n",
    "that of a heading that is closed": "# Intro #\n\nText.\n\n# Other\n\nSee [Intro].\n",
    "that of an underlined heading": "Intro\n-----\n\nText.\n\n# Other\n\nSee [Intro].\n",
    "that of a heading in a quote": "> ## Intro\n\nText.\n\n# Other\n\nSee [Intro].\n",
    "that of a heading over two lines": "# Set up\n\nText.\n\n# Other\n\nSee [Set\nup].\n",
    "that of an emphasised heading": "# *Intro*\n\nText.\n\n# Other\n\nSee [*Intro*].\n",
    "that of a heading with a number": "# 15 scenes\n\nText.\n\n# Other\n\nSee [15 scenes].\n",
    "an open div": "::: {.note}\n\n# A\n\nText.\n\n# B\n\n:::\n",
    "an open element": "<div>\n\n# A\n\nText.\n\n</div>\n\n# B\n",
    "an open instruction": "<?php\n\n# A\n\n?>\n\n# B\n",
    "an open comment": "<!-- hidden\n\n# A\n\n-->\n\n# B\n",
    "an open environment": "\\begin {center}\n\n# A\n\n\\end {center}\n\n# B\n",
    "an open brace": "\\parbox{4cm}{\n\n# A\n\n}\n\n# B\n",
    "an open fence": "# A\n\n```\n\n# B\n\n~~~\n\n# C\n",
    "headings that are alike": "# A\n\n## Data\n\nOne.\n\n# B\n\n## Data\n\nTwo.\n",
    "sections that are alike": "# A\n\n" + "## Answer\n\nTo be written.\n\n" * 4,
    "metadata below": "# A\n\nText.\n\n# B\n\n---\nsubtitle: S\n---\n\nMore.\n",
    "a definition of a heading": "Term\n\n: one\n\n# A\n\n: two\n",
    "a table with a heading's mark": "------ ---\na      b\n\n# c    d\n------ ---\n\n# B\n",
    "footnotes beside citations": "^[note]\n\n![Cap @key](a.png)\n\n# B\n\n[@key]\n",
}
SNIPPETS = (
    "text *emphasis*", "[a](b){.value}", "x [1.2, 3.4] y", "::: {.a}\nin\n:::", "```\n# code\n\n## code\n```",
    "~~~~\n```\n# x\n~~~~", "    # code", "> quote\n> # no", "1. one\n2. two", "- item\n\n  in", "95 % of it",
    "$$x$$ {#eq-x}", "$$\n\\begin{aligned}\na &= b\n\\end{aligned}\n$$", "| a |\n|---|\n| b |\n\n: Cap",
    "@key [@key, p. 3]", "a @fig-x (@fig-y) b", "![Cap @key](a.png){#fig-a}", "x[^◆^](#c){.m}", "| line\n| block",
    "Term\n\n:   definition", "a\n# no heading", "# Title", "### Deep", "- item\n\n  # in", "## Sub", "# Title {#sec-t}", "\\[x\\]",
    "[^1]: note", "x[^1]", ":::", "```", "(@) ex", "<div>", "</div>", "<!--", "<br>", "[Sub]", "^[n [@key]]", "---",
)  # fmt: skip
USUAL = st.sampled_from(SNIPPETS[: SNIPPETS.index("# Title")])
SECTIONS = st.lists(st.lists(USUAL, max_size=4), min_size=2, max_size=5)


@pytest.fixture(autouse=True, scope="module")
def one_by_one() -> Iterator[None]:
    """Each section is read by itself, however small."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "WORTH", 0)
        yield


def read(text: str, folder: Path) -> tuple[dict, list[str]]:
    """The document as JSON, and the texts that pandoc was given."""
    given: list[str] = []

    def convert(piece: str) -> bytes:
        given.append(piece)
        return to_json(piece)

    source = folder / "document.qmd"
    source.write_text(text)
    return json.loads(pieces.read(source, folder / "read", VERSION, convert).read_text()), given


def to_json(text: str) -> bytes:
    return pandoc.to_json(text, Job(Path("document.qmd"), Path("report.html"), 0, Path(os.devnull)))


def whole(text: str) -> dict:
    return json.loads(to_json(text))


def test_pieces_give_what_the_whole_gives(tmp_path: Path):
    found, given = read(HEAD + WHOLE, tmp_path)
    assert found == whole(HEAD + WHOLE)
    assert sorted(given) == sorted(pieces.pieces(HEAD + WHOLE)) and len(given) == 5


def test_small_neighbours_are_read_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    sections = [HEAD, *(f"# {name} {{#sec-{name}}}\n\nText of it, of some length.\n\n" for name in "abcd")]
    monkeypatch.setattr(pieces, "WORTH", len(sections[0]) + 1)
    found, given = read("".join(sections), tmp_path)
    assert found == whole("".join(sections))
    assert sorted(given) == ["".join(sections[2:4]), sections[4], "".join(sections[:2])]


@pytest.mark.parametrize("text", DEPENDENT.values(), ids=DEPENDENT)
def test_a_document_whose_sections_need_each_other_is_read_whole(text: str, tmp_path: Path):
    found, given = read(HEAD + text, tmp_path)
    assert given[-1] == HEAD + text
    assert found == whole(HEAD + text)


@pytest.mark.parametrize(
    "text", ["text\n\u00a0\n# A\n\nText\n\n# B\n", "text\u2028\u2028# A\n\nText\n\n# B\n"]
)
def test_what_is_no_heading_to_pandoc_begins_no_section(text: str, tmp_path: Path):
    assert len(pieces.pieces(HEAD + text)) == 2
    assert read(HEAD + text, tmp_path)[0] == whole(HEAD + text)


def test_an_edit_reads_its_own_section_alone_and_drops_what_is_used_no_more(tmp_path: Path):
    read(HEAD + WHOLE, tmp_path)
    edited = (HEAD + WHOLE).replace("of it", "of them")
    found, given = read(edited, tmp_path)
    assert found == whole(edited)
    assert len(given) == 1 and given[0].startswith("## Two")
    assert len(list((tmp_path / "read").iterdir())) == 1 + 5
    assert read(edited, tmp_path) == (found, [])


def test_what_is_kept_does_not_outlive_another_version_of_pandoc(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    read(WHOLE, tmp_path)
    monkeypatch.setitem(globals(), "VERSION", "another")
    assert len(read(WHOLE, tmp_path)[1]) == 5


def test_a_heading_in_a_div_parts_no_section():
    text = "# One\n\nText.\n\n::: {.callout-tip}\n\n### Title\n\nWords.\n\n:::\n\n## Two\n\nText.\n"
    assert [part.splitlines()[0] for part in pieces.pieces(text) if part] == ["# One", "## Two"]


def test_the_reader_is_another_after_its_filters_were_edited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    before = pandoc.reader_version()
    (tmp_path / "filters").mkdir()
    for name in pandoc.OWN_CODE:
        (tmp_path / name).write_bytes((pandoc.HERE / name).read_bytes())
    monkeypatch.setattr(pandoc, "HERE", tmp_path)
    assert pandoc.reader_version() == before
    (tmp_path / "filters/percent.lua").write_text("-- other")
    assert pandoc.reader_version() != before


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield tmp_path_factory.mktemp("random")


@settings(deadline=None, max_examples=int(os.environ.get("EXAMPLES", "40")))
@given(st.lists(st.sampled_from(SNIPPETS), min_size=4, max_size=24))
def test_random_documents_are_read_as_the_whole(folder: Path, lines: list[str]):
    text = "# First {#sec-first}\n\n" + "\n".join(lines) + "\n\n# Last {#sec-last}\n\nEnd @key.\n"
    try:
        expected = whole(text)
    except ColophonError:
        with pytest.raises(ColophonError):
            read(text, folder)
    else:
        assert read(text, folder)[0] == expected


@settings(deadline=None, max_examples=int(os.environ.get("EXAMPLES", "40")))
@given(SECTIONS)
def test_random_sections_that_stand_by_themselves_are_read_one_by_one(
    folder: Path, sections: list[list[str]]
):
    text = HEAD + "".join(
        f"{'##' if i % 2 else '#'} Title {'abcde'[i]} {{#sec-{i}}}\n\n"
        + "".join(f"{part}\n\n" for part in parts)
        for i, parts in enumerate(sections)
    )
    headings = pieces.HEADING.findall(text)
    assume(len(set(headings)) == len(headings))
    assert len(pieces.pieces(text)) == 1 + len(sections)
    assert read(text, folder)[0] == whole(text)


@pytest.mark.parametrize(
    "damage", [lambda held: held[: len(held) // 2], lambda held: b"", lambda held: held + b" "]
)
def test_what_is_kept_and_was_altered_is_read_anew(damage: Callable[[bytes], bytes], tmp_path: Path):
    expected, _ = read(WHOLE, tmp_path)
    for path in (tmp_path / "read").iterdir():
        path.write_bytes(damage(path.read_bytes()))
    found, given = read(WHOLE, tmp_path)
    assert found == expected and len(given) == 5
    assert read(WHOLE, tmp_path) == (expected, [])


def test_an_error_names_the_document_its_line_and_the_log(tmp_path: Path):
    source, log = tmp_path / "document.qmd", tmp_path / "log"
    source.write_text(HEAD + "# A\n\nText.\n\n# B\n\n---\n  a: [b\n---\n")
    with pytest.raises(ColophonError, match=r"document.qmd: pandoc stopped: .*line 15") as error:
        pandoc.render(Job(source, tmp_path / "report.html", 0, log))
    assert error.value.remedy == str(log) and "a: [b" not in log.read_text()


def test_a_warning_is_logged(tmp_path: Path):
    source, log = tmp_path / "document.qmd", tmp_path / "log"
    source.write_text("# A\n\n::: {.note}\n\nText.\n")
    pandoc.render(Job(source, tmp_path / "report.html", 0, log))
    assert "unclosed" in log.read_text()


def test_a_percentage_stays_with_its_sign_beside_a_formula_and_in_a_title(tmp_path: Path):
    source, page = tmp_path / "document.qmd", tmp_path / "report.html"
    source.write_text(
        "# A\n\nOf them 95 % are:\n$$ a = b $$ {#eq-a}\nand 96 % of it.\n\n"
        '::: {.callout-note title="In 97 % of cases"}\n\nText.\n\n:::\n'
    )
    pandoc.render(Job(source, page, 0, tmp_path / "log"))
    for number in (95, 96, 97):
        assert f"{number}\u00a0%" in page.read_text()
