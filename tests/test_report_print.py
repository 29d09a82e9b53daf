"""The smoke report's PDF: how dense its pictures are, and its bookmarks."""

import re
import subprocess
from pathlib import Path

from pypdf import PdfReader

DENSEST = 200  # pixels an inch


def test_no_picture_is_denser_than_paper_shows(project: Path) -> None:
    words = ["pdfimages", "-list", str(project / "build/smoke/report.pdf")]
    rows = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    assert len(rows) > 20
    densities = [max(map(float, row.split()[-4:-2])) for row in rows]  # columns x-ppi and y-ppi
    assert [row for row, density in zip(rows, densities, strict=True) if density > DENSEST] == []


def test_bookmarks_bear_the_numbers_of_their_sections_and_reach_the_questions(project: Path) -> None:
    pdf = PdfReader(project / "build/smoke/report.pdf")

    def titles(entries: list, depth: int = 0) -> list[tuple[int, str]]:
        return [
            found
            for entry in entries
            for found in (
                titles(entry, depth + 1) if isinstance(entry, list) else [(depth, str(entry.title))]
            )
        ]

    found = titles(pdf.outline)
    assert (0, "1 Transfer learning") in found and found[-1] == (0, "References")
    first = [title for depth, title in found[1:4] if depth == 1]
    assert first and all(re.match(r"1\.\d ", title) for title in first)
    assert any(depth == 2 and title.startswith("Question 1:") for depth, title in found)
