"""A document in fewer elements is the same document, in every format."""

import json
import os
import re
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from report.render import lean, pandoc

SNIPPETS = (
    "Some words of a sentence,", 'a "quoted \'one\' inside" of it', "one -- two --- three...", "*two words* and **two more**",
    "over\na line", "hard\\\nbreak and on", "path/of_a/file_name", r"back\\slash and \"mark\" and \[ \] and {x}", "`some code \"},{`",
    "[a link to it](#one){.value title=\"so it is\"} and on", "a note^[It says this, and that.] here", "$a + b$ and $c$ in prose",
    "![some picture here](a.png){fig-alt=\"what it shows\"}", "~~struck out~~ H~2~O and 10^-3^", "≤ 5 % of § 4 … “so” – it", "#1 & 50 % of $5_$",
    "\n\n# Heading of *two* words\n\n", "\n\n| a b | c d |\n|---|--:|\n| e f | g *h* i |\n\n: A caption of it\n\n",
    "\n\n- item one\n- item two\n  goes on\n\n", "\n\n> quoted words\n> go on\n\n", "\n\nTerm here\n:   What it is.\n\n", "\n\n---\n\n",
    "\n\n- [x] done it\n- [ ] open one\n\n", "[my file.pdf](<my file.pdf>)", "[some one](<mailto:some one>)",
    "`raw words`{=latex}", "word", "<b>raw html</b> after", "\\ non breaking", "see @one [p. 3; @two and so on]",
)  # fmt: skip


def read(text: str) -> str:
    command = [pandoc.executable(), *pandoc.READER, "--to=json"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def written(document: str, to: str, squeezed: bool = True) -> str:
    command = [pandoc.executable(), "--from=json", f"--to={to}", "--wrap=auto"]
    made = subprocess.run(command, input=document, capture_output=True, text=True, check=True).stdout
    if not squeezed:
        return made
    line = re.sub(r"\s+", " ", made)
    return re.sub(r"(\\[a-z]+)(?:\{\}| (?=\w))", r"\1", line) if to == "latex" else line


@settings(deadline=None, max_examples=int(os.environ.get("EXAMPLES", "25")))
@given(st.lists(st.sampled_from(SNIPPETS), min_size=2, max_size=16), st.sampled_from([" ", "\n", ""]))
def test_random_documents_stay_what_they_are(snippets: list[str], between: str):
    document = read(between.join(snippets))
    assert written(lean.for_latex(document), "latex") == written(document, "latex")
    assert written(lean.for_html(document), "html") == written(document, "html")


def test_words_become_lines():
    document = lean.for_latex(read("One two *three four* five\nsix.\n\nseven\\\neight nine"))
    first, second = json.loads(document)["blocks"]
    assert [one.get("c") for one in first["c"]] == [
        "One two", None, [{"t": "Str", "c": "three four"}], None, "five\nsix."
    ]  # fmt: skip
    assert [one["t"] for one in second["c"]] == ["Str", "LineBreak", "Str"]


@pytest.mark.parametrize(
    "text", ["a/b", "[1](#x){.value}", "**a_b** x", "a_b/c [d](#x){.value}", "[e/f](#x){.value}."]
)
def test_what_latex_alone_shows_is_not_in_the_page(text: str):
    document = read(text)
    assert "RawInline" in document
    assert "RawInline" not in lean.for_html(document)
    assert written(lean.for_html(document), "plain") == written(document, "plain") != ""


def test_no_line_is_too_long_for_tex():
    document = lean.for_latex(read("word " * 60_000))
    assert max(map(len, written(document, "latex", squeezed=False).splitlines())) < 20_000


def test_what_an_author_wrote_for_latex_stays_for_pandoc():
    assert "newpage" in lean.for_html(read("Text `\\newpage`{=latex} on."))
