"""Hostile text comes out of pandoc, lxml and pdfLaTeX as it went in."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from report.document import escape
from report.render.pandoc import executable

HOSTILE = "_%&#$\\{}<>\"'~^`*[]()|@!-+=:.,0a é\nλ"
KNOWN = [
    "<script>alert(1)</script>",
    "1. one",
    "(a) b",
    "(@) x",
    "- x",
    "* x",
    "a--b...",
    "$x$",
    "@key",
    "# head",
    "| a |",
    "---",
    "...",
    "a | b",
    "{#id}",
    "[x](y)",
    "![x](y)",
    "&amp;",
    "~sub~ ^sup^",
    "\"q\" 'q'",
    "% t",
    "a\nb",
    "`code`",
    "\\",
    'x" onclick="y',
    "naïve Ångström",
    ",,low''",
    "PyTorch's",
]

texts = st.lists(
    st.text(alphabet=st.sampled_from(HOSTILE), min_size=1).filter(lambda text: text.strip()),
    min_size=1,
    max_size=40,
)


def plain(text: str) -> str:
    return " ".join(text.split())


def printed(text: str) -> str:
    """`text` with apostrophes, within words, as the sentences around it have them."""
    line = plain(text)
    around = zip(" " + line, line, line[1:] + " ", strict=False)
    return "".join("’" if (a + c).isalpha() and b == "'" else b for a, b, c in around)


def blocks(source: str, reader: str) -> list[dict[str, Any]]:
    """The blocks of pandoc's syntax tree."""
    done = subprocess.run(
        [executable(), f"--from={reader}", "--to=json"],
        input=source,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)["blocks"]


def words(node: Any) -> str:
    """The text of inlines: nothing but words and spaces is allowed in them."""
    found = ""
    for inline in node:
        kind, content = inline["t"], inline.get("c")
        assert kind in ("Str", "Space", "SoftBreak", "Span"), kind
        found += " " if content is None else words(content[1]) if kind == "Span" else content
    return found


def links(blocks: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """The text and the title of each paragraph that holds one link."""
    for block in blocks:
        (link,) = block["c"]
        attributes, inside, _ = link["c"]
        yield words(inside), dict(attributes[2])["title"]


@settings(max_examples=40, deadline=None)
@given(texts)
@example(KNOWN)
def test_any_text_is_read_back_from_markdown_wherever_it_stands(names):
    expected = [printed(name) for name in names]
    titles = [plain(name) for name in names]
    paragraphs = blocks("\n\n".join(map(escape.markdown, names)), "markdown")
    assert [words(block["c"]) for block in paragraphs] == expected
    table = "| a | b |\n|---|---|\n" + "\n".join(f"| {escape.markdown(n)} | x |" for n in names)
    (read,) = blocks(table, "markdown")
    rows = read["c"][4][0][3]
    assert [words(row[1][0][4][0]["c"]) if row[1][0][4] else "" for row in rows] == expected
    linked = [f'[{escape.markdown(n)}](#x){{.value title="{escape.attribute(n)}"}}' for n in names]
    assert list(links(blocks("\n\n".join(linked), "markdown"))) == list(zip(expected, titles, strict=True))
    (inside,) = blocks("| a |\n|---|\n" + "\n".join(f"| {link} |" for link in linked), "markdown")
    cells = [row[1][0][4][0] for row in inside["c"][4][0][3]]
    assert list(links(cells)) == list(zip(expected, titles, strict=True))


@settings(max_examples=50, deadline=None)
@given(texts)
@example(KNOWN)
def test_any_text_is_read_back_from_html(names):
    source = "".join(f'<p title="{escape.html(name)}">{escape.html(name)}</p>' for name in names)
    found = lxml_html.fromstring(f"<div>{source}</div>").findall("p")
    assert [p.text_content() for p in found] == [p.get("title") for p in found] == list(map(plain, names))


@settings(max_examples=40, deadline=None)
@given(texts)
@example(KNOWN)
def test_any_text_is_read_back_from_latex_by_pandoc(names):
    source = "\n\n".join(f"x{escape.latex(name)}" for name in names)
    for macro, sign in ((r"\textbar{}", "|"), (r"\textasciigrave{}", "`")):
        source = source.replace(macro, sign)  # pandoc writes these, but can't read them
    read = blocks(source, "latex-smart")
    assert [words(block["c"]) for block in read] == [f"x{plain(name)}" for name in names]


def test_hostile_names_compile_with_pdflatex_and_print_as_they_are(tmp_path: Path):
    if not shutil.which("pdflatex") or not shutil.which("pdftotext"):
        pytest.skip("pdflatex or pdftotext is missing: make latex installs them")
    names = [*KNOWN, "−2.1 points", "[x] & {y}", "100\u00a0%"]
    body = "\n\n".join(rf"\mbox{{{escape.latex(name)}}}" for name in names)
    (tmp_path / "names.tex").write_text(
        "\\documentclass{article}\\usepackage[T1]{fontenc}\\usepackage[paperheight=60cm]{geometry}\n"
        f"\\begin{{document}}\n{body}\n\\end{{document}}\n",
        encoding="utf-8",
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "names.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    command = ["pdftotext", "-layout", "names.pdf", "-"]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    lines = [plain(line) for line in shown.splitlines() if line.strip()][: len(names)]
    assert lines == [plain(name) for name in names]
