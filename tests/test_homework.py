"""The homework, a second document of the smoke report's results: no stage runs for it."""

import re
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from report.render.latex import too_wide
from tests.smoke import make, text_of, text_of_pdf

QUESTIONS = {"sec-transfer": 11, "sec-visualize": 11, "sec-adapt": 4, "sec-generate": 9}  # 3-a to 3-d
BUILT = ("stages", "figures", "animations")


@pytest.fixture(scope="module")
def homework(project: Path) -> Path:
    """The build folder with both documents; nothing but the homework was made."""
    build = project / "build/smoke"
    before = times(build)
    done = make(project, "report", "DOC=homework")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every stage is fresh; rendering homework.html and homework.pdf" in done.stdout
    assert times(build) == before
    return build


def times(build: Path) -> dict[Path, int]:
    """When each file of a result was last written."""
    files = [path for part in BUILT for path in (build / part).rglob("*") if path.is_file()]
    assert len(files) > 300
    return {path: path.stat().st_mtime_ns for path in files}


@pytest.fixture(scope="module")
def homework_page(homework: Path) -> Any:
    return html.fromstring((homework / "homework.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def homework_printed(homework: Path) -> str:
    return text_of_pdf(homework / "homework.pdf")


@pytest.mark.parametrize("chapter", QUESTIONS)
@pytest.mark.parametrize("document", ["page", "homework_page"])
def test_every_question_of_a_practical_stands_as_a_heading_once_and_in_order(document, chapter, request):
    (section,) = request.getfixturevalue(document).xpath(f"//section[@id='{chapter}']")
    headings = [text_of(found) for found in section.xpath(".//h1 | .//h2 | .//h3 | .//h4")]
    numbers = [int(number) for text in headings for number in re.findall(r"Question (\d+)", text)]
    assert numbers == list(range(1, QUESTIONS[chapter] + 1))


def test_every_question_has_an_answer_in_both_formats(homework_page, homework_printed):
    sections = homework_page.xpath("//section[.//*[starts-with(text(), 'Question ')]][not(.//section)]")
    assert len(sections) == sum(QUESTIONS.values())
    for section in sections:
        question, *answer = (text_of(part) for part in section)
        assert len(" ".join(answer).split()) > 30, question
    flat = " ".join(homework_printed.split())
    for number in range(1, max(QUESTIONS.values()) + 1):
        asked = sum(number <= last for last in QUESTIONS.values())
        assert flat.count(f"Question {number}:") == asked, number


def test_nothing_of_it_is_unresolved_too_wide_or_without_words_for_those_who_do_not_see_it(
    homework, homework_page, homework_printed
):
    for text in (text_of(homework_page), homework_printed):
        assert "??" not in text and "{{" not in text and "{%" not in text
        assert not re.search(r"@(tbl|fig|eq|sec)-", text)
    log = (homework / "homework/latex/document.log").read_text(errors="replace")
    assert too_wide(log) == []
    targets = {element.get("id") for element in homework_page.xpath("//*[@id]")}
    assert {link.get("href")[1:] for link in homework_page.xpath("//a[starts-with(@href, '#')]")} <= targets
    images = homework_page.xpath("//img")
    assert len(images) > 10 and all(len(image.get("alt")) > 20 for image in images)
