"""What stands above and below the text of each page."""

from pathlib import Path

import pytest
from pypdf import PdfReader

from report.render import render

TEXT = r"""---
title: A title
header-includes: |
  \ifoot{At the foot}
---

# First chapter

Words.

\newpage

More words.
"""


@pytest.fixture(scope="module")
def pages(needs_latex: None, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("heads")
    source: Path = folder / "document.qmd"
    source.write_text(TEXT)
    render(source, folder / "document.pdf", renderer="pandoc", epoch=0, log=folder / "log")
    return [page.extract_text() for page in PdfReader(folder / "document.pdf").pages]


def test_a_page_names_its_chapter_and_its_number_at_the_head(pages: list[str]):
    head = pages[-1].split("More words")[0]
    assert "First chapter" in head
    assert head.strip().endswith(str(len(pages)))


def test_the_first_page_of_a_chapter_has_its_number_at_the_foot(pages: list[str]):
    assert pages[-2].strip().endswith(str(len(pages) - 1))
    assert pages[-2].count("First chapter") == 1


def test_an_author_may_write_at_the_foot(pages: list[str]):
    assert "At the foot" in pages[-1]
