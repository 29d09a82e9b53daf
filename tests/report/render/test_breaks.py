"""A path or a name may break after a slash or an underscore in the PDF; nothing else shows it."""

import re
import subprocess
from pathlib import Path

import pytest

from report.render import pandoc, quarto
from report.render.tools import Job

BREAK = r"\discretionary{}{}{}"
BOOKS = """@misc{key, author = {Writer, Ann}, title = {Of this/that}, year = {2020},
  url = {https://example.org/a_b/c}}
"""
HEAD = "---\ntitle: A title\nbibliography: my_books.bib\n{more}---\n\n"
TEXT = r"""
# Of one/two {#sec-one}

See data/raw_one [in k/l @sec-one], `code/two_three` and [a/b](#sec-one), as Writer says [@key, pp. 3/4 and x/y].

| a/b  |
|------|
| c\_d |

: Of e/f.

![Of g/h](picture.png){fig-alt="i/j"}

# References

::: {#refs}
:::
"""


@pytest.fixture(scope="module", params=["", "csl: style.csl\n"], ids=["own style", "a user's style"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The document in LaTeX and in HTML; citations of a user's style are not set by themselves."""
    folder = tmp_path_factory.mktemp("breaks")
    (folder / "my_books.bib").write_text(BOOKS)
    style = subprocess.run(
        [pandoc.executable(), "--print-default-data-file=default.csl"], capture_output=True, check=True
    )
    (folder / "style.csl").write_bytes(style.stdout)
    (folder / "picture.png").write_bytes(b"")
    source = folder / "document.qmd"
    source.write_text(HEAD.format(more=request.param) + TEXT)
    pandoc.to_latex(Job(source, folder / "document.pdf", 0, folder / "log"), folder / "document.tex")
    pandoc.to_html(Job(source, folder / "document.html", 0, folder / "log"))
    return (folder / "document.tex").read_text(), (folder / "document.html").read_text()


def body(latex: str) -> str:
    return " ".join(latex.partition(r"\begin{document}")[2].split())


NAMES = [
    "one/|two", "data/|raw\\_|one", "{a/|b}", "a/|b", "c\\_|d",
    "e/|f", "g/|h", "This/|That", "in k/|l", "code/|two\\_|three",
]  # fmt: skip


@pytest.mark.parametrize("text", NAMES)
def test_a_name_may_break(made: tuple[str, str], text: str):
    assert text.replace("|", BREAK) in body(made[0])


def test_citeproc_reads_a_locator_whole(made: tuple[str, str]):
    assert r"(\citeproc{ref-key}{Writer 2020, 3}/4 and x/y)" in body(made[0])


def test_a_name_of_a_bibliography_stays_whole(tmp_path: Path):
    (tmp_path / "my_books.bib").write_text(BOOKS)
    source = tmp_path / "document.qmd"
    source.write_text(HEAD.format(more="") + TEXT)
    assert pandoc.read(Job(source, tmp_path / "document.html", 0, tmp_path / "log")).is_cited


def test_an_address_stays_one(made: tuple[str, str]):
    assert r"\href{https://example.org/a_b/c}" in made[0] or r"\url{https://example.org/a_b/c}" in made[0]


def test_the_page_shows_no_break(made: tuple[str, str]):
    assert "data/raw_one" in made[1]
    assert 'alt="i/j"' in made[1]
    assert "Of This/That" in made[1]


def test_quarto_finds_what_its_filters_require(tmp_path: Path):
    source = tmp_path / "document.qmd"
    source.write_text("Text.")
    quarto.write_project(source)
    there = {file.stem: file.read_text() for file in (tmp_path / quarto.THEME_FOLDER).glob("*.lua")}
    wanted = {name for text in there.values() for name in re.findall(r'require\("(\w+)"\)', text)}
    assert wanted
    assert wanted <= there.keys()
