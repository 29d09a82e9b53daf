"""A document read piece by piece is what pandoc reads of the whole, and an edit reads its own piece anew."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from report.errors import ColophonError
from report.render import pandoc, pieces

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

<div class="a">

Text.^[A note [@third].]

</div>

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
    "a footnote's text": "# A\n\nText[^n].\n\n# B\n\n[^n]: Note.\n",
    "an abbreviation": "# A\n\nHTML\n\n# B\n\n*[HTML]: text\n",
    "a numbered example": "# A\n\n(@ex) First.\n\n# B\n\nSee (@ex).\n\n(@) Second.\n",
    "a macro": "# A\n\n\\newcommand{\\x}{y}\n\n# B\n\n$\\x$\n",
    "a heading's own label": "# Set-up\n\nText.\n\n# Other\n\nSee [Set-up].\n",
    "an open div": "::: {.note}\n\n# A\n\nText.\n\n# B\n\n:::\n",
    "an open element": "<div>\n\n# A\n\nText.\n\n</div>\n\n# B\n",
    "an open comment": "<!-- hidden\n\n# A\n\n-->\n\n# B\n",
    "an open environment": "\\begin{center}\n\n# A\n\n\\end{center}\n\n# B\n",
    "headings that are alike": "# A\n\n## Data\n\nOne.\n\n# B\n\n## Data\n\nTwo.\n",
    "metadata below": "# A\n\nText.\n\n# B\n\n---\nsubtitle: S\n---\n\nMore.\n",
}
SNIPPETS = (
    "# Title {#sec-t}", "## Sub", "text *emphasis*", "[a](b){.value}", "[^1]: note", "x[^1]", ":::", "::: {.a}",
    "```", "~~~~", "    code", "> quote", "1. one", "(@) ex", "(@ex) ex", "<div>", "</div>", "<!--", "-->",
    "<br>", "$$x$$ {#eq-x}", "95 %", "| a |\n|---|\n| b |", "[Sub]", "@key [@key]", "^[n [@key]]", "", "", "",
    "\\begin{x}", "\\end{x}", "---", "title: x", "Term\n\n: definition", ": caption", "# Title\n===", "Sub\n---",
)  # fmt: skip


def read(text: str, folder: Path) -> tuple[dict, list[str]]:
    """The document as JSON, and the texts that pandoc was given."""
    given: list[str] = []

    def convert(piece: str) -> bytes:
        given.append(piece)
        return pandoc.to_json(piece)

    source = folder / "document.qmd"
    source.write_text(text)
    return json.loads(pieces.read(source, folder / "read", VERSION, convert).read_text()), given


def whole(text: str) -> dict:
    return json.loads(pandoc.to_json(text))


def test_pieces_give_what_the_whole_gives(tmp_path: Path):
    found, given = read(HEAD + WHOLE, tmp_path)
    assert found == whole(HEAD + WHOLE)
    assert [piece.splitlines()[0] for piece in given if piece.startswith("#")] != []
    assert sorted(given) == sorted(pieces.pieces(HEAD + WHOLE)) and len(given) == 5


@pytest.mark.parametrize("text", DEPENDENT.values(), ids=DEPENDENT)
def test_a_document_whose_sections_need_each_other_is_read_whole(text: str, tmp_path: Path):
    found, given = read(HEAD + text, tmp_path)
    assert given[-1] == HEAD + text
    assert found == whole(HEAD + text)


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


def test_the_reader_is_another_after_its_filters_were_edited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    before = pandoc.reader_version()
    for name in ("read.lua", "percent.lua"):
        (tmp_path / name).write_bytes((pandoc.FILTERS / name).read_bytes())
    monkeypatch.setattr(pandoc, "FILTERS", tmp_path)
    assert pandoc.reader_version() == before
    (tmp_path / "percent.lua").write_text("-- other")
    assert pandoc.reader_version() != before


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield tmp_path_factory.mktemp("random")


@settings(deadline=None, max_examples=int(os.environ.get("EXAMPLES", "60")))
@given(st.lists(st.sampled_from(SNIPPETS), min_size=4, max_size=24))
def test_random_documents_are_read_as_the_whole(folder: Path, lines: list[str]):
    text = "# First {#sec-first}\n\n" + "\n".join(lines) + "\n\n# Last {#sec-last}\n\nEnd @key.\n"
    try:
        expected = whole(text)
    except ColophonError as error:
        with pytest.raises(ColophonError, match=re.escape(str(error)[:40])):
            read(text, folder)
    else:
        assert read(text, folder)[0] == expected
