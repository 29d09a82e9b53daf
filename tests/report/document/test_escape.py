"""Escaped text comes out of pandoc as it went in, in HTML and in LaTeX's reading of it."""

import html
import re
import subprocess

from hypothesis import example, given, settings
from hypothesis import strategies as st

from report.document.escape import markdown
from report.render.pandoc import executable

HOSTILE = "_%&#$\\{}<>\"'~^`*[]()|@!-+=:.,0a é<script>"


def through_pandoc(paragraphs: list[str]) -> list[str]:
    """Each paragraph's text after pandoc has read it as Markdown and written HTML."""
    source = "\n\n".join(f"§{markdown(text)}\n\n{markdown(text)}" for text in paragraphs)
    done = subprocess.run(
        [executable(), "--from=markdown", "--to=html", "--wrap=none"],
        input=source,
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.findall(r"<p>(.*?)</p>", done.stdout, re.DOTALL)
    assert len(found) == 2 * len(paragraphs), done.stdout
    assert [f.removeprefix("§") for f in found[::2]] == found[1::2]
    return [html.unescape(text) for text in found[1::2]]


texts = st.text(alphabet=st.sampled_from(HOSTILE), min_size=1).filter(lambda text: text.strip())


@settings(max_examples=25, deadline=None)
@given(st.lists(texts, min_size=1, max_size=20))
@example(
    ["<script>alert(1)</script>", "1. one", "(a) b", "- x", "a--b...", "$x$", "@key", "# head", "| a |"]
)
@example(
    [
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
        "(@) x",
    ]
)
def test_any_text_is_printed_as_it_is(paragraphs):
    assert through_pandoc(paragraphs) == [" ".join(text.split()) for text in paragraphs]
