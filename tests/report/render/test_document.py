"""The sample in HTML and in PDF: the same numbers, everything resolved, nothing from outside."""

import re
import subprocess
from pathlib import Path
from unicodedata import normalize

import pytest

from report.render.latex import too_wide

NUMBERS = {
    "sec-transfer": "Chapter 1",
    "sec-method": "Section 1.1",
    "sec-panels": "Chapter 2",
    "sec-colophon": "Appendix A",
    "tbl-depth": "Table 1.1",
    "tbl-wide": "Table 1.2",
    "tbl-stages": "Table A.1",
    "fig-depth": "Figure 1.1",
    "fig-confusion": "Figure 1.2",
    "fig-confusion-b": "Figure 1.2 (b)",
    "fig-bare": "Figure 2.1",
    "fig-uneven": "Figure 2.2",
    "fig-uneven-3": "Figure 2.2 (c)",
    "eq-svm": "Equation 1.1",
    "eq-ab": "Equation 2.1",
}
CAPTIONS = [
    "Table 1.1: Accuracy of a linear classifier at two depths.",
    "Figure 1.1: Accuracy against depth, 50 % & more.",
    "(a) Raw features",
    "(b) Normalised features",
    "Figure 1.2: Confusion matrices of the best layer, trained by Equation 1.1.",
    "Table 1.2: A wide table (Lazebnik et al. 2006).",
    "Figure 2.1 (a) One",
    "(c) Three",
    "Figure 2.2: Three parts that have no labels of their own; compare Figure 2.2 (c).",
    "Table A.1: Every stage.",
]


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\u00a0", " ")).strip()


@pytest.fixture(scope="module")
def pdf_text(sample) -> str:
    done = subprocess.run(["pdftotext", sample.pdf_path, "-"], capture_output=True, check=True)
    return squeezed(done.stdout.decode())


@pytest.fixture(scope="module")
def html_text(sample) -> str:
    return squeezed(sample.html.get_element_by_id("content").text_content())


def test_html_references_carry_the_numbers_of_what_they_point_to(sample):
    links = sample.html.xpath("//a[@class='xref']")
    shown = {link.get("href")[1:]: squeezed(link.text_content()) for link in reversed(links)}
    assert shown == NUMBERS | {"eq-svm": "Equation 1.1"}


def test_a_reference_shows_its_number_alone_or_behind_a_prefix_of_its_own(html_text, pdf_text):
    for text in (html_text, pdf_text):
        assert "its number alone is 1.1." in text
        assert "Figs. 1.1 has a prefix" in text


def test_pdf_references_show_the_same_numbers(pdf_text):
    for number in NUMBERS.values():
        assert number in pdf_text


def test_every_pdf_reference_leads_to_the_place_of_its_label(sample):
    targets = set()
    for page in sample.pdf.pages:
        for annotation in page.get("/Annots") or []:
            action = annotation.get_object().get("/A", {}).get_object()
            if action.get("/S") == "/GoTo":
                targets.add(str(action["/D"]))
    assert targets <= set(sample.pdf.named_destinations)
    kinds = {target.split(".")[0] for target in targets}
    assert {"chapter", "section", "appendix", "equation", "figure", "table"} <= kinds


@pytest.mark.parametrize("caption", CAPTIONS)
def test_captions_read_the_same_in_both_formats(html_text, pdf_text, caption):
    assert caption in html_text
    assert caption in pdf_text


def test_each_labelled_thing_stands_in_html_under_its_label(sample):
    for label in NUMBERS:
        assert sample.html.get_element_by_id(label).tag in ("section", "figure", "span")


def test_equations_carry_their_number_at_the_side(sample, pdf_text):
    numbers = sample.html.xpath("//*[@class='equation']/*[@class='equation-number']/text()")
    assert numbers == ["(1.1)", "(2.1)"]
    assert all(number in pdf_text for number in numbers)


def test_nothing_is_left_unresolved(html_text, pdf_text):
    for text in (html_text, pdf_text):
        assert "??" not in text
        assert not re.search(r"@(fig|tbl|eq|sec)-|\{#", text)
        assert "(Simonyan and Zisserman 2015)" in text
        assert "Beyond Bags of Features" in text


def test_every_link_inside_the_page_has_its_target(sample):
    ids = set(sample.html.xpath("//@id"))
    targets = {href[1:] for href in sample.html.xpath("//a/@href") if href.startswith("#")}
    assert targets <= ids
    assert len(sample.html.xpath("//@id")) == len(ids)


def test_every_image_is_inside_the_file_and_has_its_alternative_text(sample):
    images = sample.html.xpath("//img")
    assert len(images) == 7
    assert all(image.get("src").startswith("data:image/svg+xml") for image in images)
    alternatives = [image.get("alt") for image in images]
    assert alternatives[0] == "A rising line."
    assert all(alternatives)


def test_the_page_asks_for_nothing_from_outside(sample):
    assert not sample.html.xpath("//script[@src] | //iframe | //link[@href] | //object")
    sources = sample.html.xpath("//@src | //@srcset | //@poster")
    assert all(source.startswith("data:") for source in sources)
    style = "".join(sample.html.xpath("//style/text() | //@style"))
    assert "url(" not in style and "@import" not in style


def test_the_page_has_a_language_a_viewport_and_a_way_past_the_contents(sample):
    assert sample.html.get("lang") == "en"
    assert "width=device-width" in sample.html.xpath("//meta[@name='viewport']/@content")[0]
    first = sample.html.xpath("//body//a")[0]
    assert first.get("href") == "#content" and sample.html.get_element_by_id("content") is not None


def test_tables_scroll_inside_a_wrapper_that_the_keyboard_reaches(sample):
    wrappers = sample.html.xpath("//table/parent::div")
    assert len(wrappers) == len(sample.html.xpath("//table")) == 3
    assert all(w.get("class") == "table-scroll" and w.get("tabindex") == "0" for w in wrappers)


def test_the_title_page_says_what_who_when_and_with_which_profile(sample):
    first = squeezed(sample.pdf.pages[0].extract_text())
    header = squeezed(sample.html.get_element_by_id("title-block-header").text_content())
    for text in (
        "Letters, digits & what carries over",
        "A sample with every construct",
        "Ada Lovelace",
        "Émile Borel",
        "20 November 2026",
        "profile smoke",
    ):
        assert text in first
        assert text in header


def test_the_pdf_knows_its_title_its_authors_and_its_chapters(sample):
    assert sample.pdf.metadata.title == "Letters, digits & what carries over"
    assert sample.pdf.metadata.author == "Ada Lovelace; Émile Borel"
    chapters = [entry.title for entry in sample.pdf.outline if not isinstance(entry, list)]
    assert chapters[:2] == ["1 Transfer learning", "2 Panels and colophon"]
    assert sample.pdf.trailer["/Root"]["/ViewerPreferences"]["/DisplayDocTitle"]


def test_callouts_carry_their_titles_in_both_formats(sample, pdf_text):
    titles = [squeezed(t.text_content()) for t in sample.html.find_class("callout-title")]
    assert titles == ["Why C = 1", "Eleven twins"]
    assert "Why C = 1 The published reports" in pdf_text
    assert "Eleven twins Eleven test images" in pdf_text


def test_letters_and_signs_of_names_are_printed_in_both_formats(html_text, pdf_text):
    assert "other signs: β₁ ≤ Ω, 10⁻⁴ → ∞." in html_text
    assert "othersigns:β1≤Ω,10−4→∞." in normalize("NFKC", pdf_text).replace(" ", "")


def test_content_for_one_format_appears_in_that_format_only(html_text, pdf_text):
    assert "Seen in HTML alone." in html_text and "Seen in HTML alone." not in pdf_text
    assert "Seen in PDF alone." in pdf_text and "Seen in PDF alone." not in html_text


def test_a_long_table_goes_over_pages_and_repeats_its_head(sample):
    pages = [squeezed(page.extract_text()) for page in sample.pdf.pages]
    stages = [page for page in pages if "transfer/stage_" in page.replace(" ", "")]
    assert len(stages) >= 2
    assert all("Hardware" in page for page in stages)


def test_no_line_of_the_pdf_is_more_than_two_points_too_wide(sample):
    log = (sample.folder / "report" / "latex" / "document.log").read_text(errors="replace")
    excess = re.findall(r"Overfull \\hbox \(([\d.]+)pt too wide\)", log)
    assert [width for width in excess if float(width) > 2] == []


def test_the_build_counts_the_lines_that_visibly_stick_out():
    log = "Overfull \\hbox (1.9pt too wide) in paragraph at lines 1--2\n\nOverfull \\hbox (15.25pt too wide) x"
    assert too_wide(log + "\nOverfull \\vbox (30.0pt too high)\nUnderfull \\hbox (badness 10000)\n") == [
        15.25
    ]


def test_the_same_source_gives_the_same_bytes_in_another_folder(sample, render_sample, tmp_path):
    other = render_sample(tmp_path / "elsewhere")
    assert other.html_path.read_bytes() == sample.html_path.read_bytes()
    assert other.pdf_path.read_bytes() == sample.pdf_path.read_bytes()


def test_no_temporary_file_stays_beside_the_target(sample):
    names = {path.name for path in Path(sample.folder).iterdir()}
    assert names == {"report", "figures", "report.html", "report.pdf", "html.log", "pdf.log"}
