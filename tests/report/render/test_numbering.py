"""Numbers of chapters, figures and equations, as Quarto counts them with `crossref: chapters`."""

import lxml.html
import pytest

from report.errors import ColophonError
from report.render import render

FIGURE = "![A caption](../figures/transfer/left){{#fig-{0}}}\n\n"


@pytest.fixture
def page(project):
    def make(body: str):
        source = project(body)
        target = source.parent.parent / "report.html"
        render(source, target, renderer="pandoc", epoch=1, log=target.with_suffix(".log"))
        return lxml.html.parse(str(target)).getroot()

    return make


def text_of(element) -> str:
    return " ".join(element.text_content().replace("\u00a0", " ").split())


def references(page) -> list[str]:
    return [text_of(link) for link in page.xpath("//main//a[@class='xref']")]


def test_a_figure_before_the_first_chapter_is_numbered_without_one(page):
    body = FIGURE.format("first") + "# One\n\n" + FIGURE.format("second")
    assert references(page(body + "@fig-first, @fig-second")) == ["Figure 1", "Figure 1.1"]


def test_an_unnumbered_chapter_does_not_restart_the_count(page):
    body = "# One\n\n" + FIGURE.format("a") + "# Aside {.unnumbered}\n\n" + FIGURE.format("b")
    body += "# Two\n\n" + FIGURE.format("c") + "@fig-a, @fig-b, @fig-c"
    assert references(page(body)) == ["Figure 1.1", "Figure 1.2", "Figure 2.1"]


def test_sections_are_numbered_to_the_third_level_and_appendices_by_letters(page):
    body = "# One\n\n## Two {#sec-two}\n\n### Three {#sec-three}\n\n#### Four {#sec-four}\n\n"
    body += "# End {.appendix #sec-end}\n\n## Part {#sec-part}\n\n# Last {.appendix #sec-last}\n\n"
    shown = page(body + "@sec-two @sec-three @sec-end @sec-part @sec-last")
    assert references(shown) == [
        "Section 1.1",
        "Section 1.1.1",
        "Appendix A",
        "Section A.1",
        "Appendix B",
    ]
    numbers = [text_of(n) for n in shown.xpath("//main//*[@class='header-section-number']")]
    assert numbers == ["1", "1.1", "1.1.1", "A", "A.1", "B"]


def test_a_reference_to_a_heading_without_a_number_is_an_error(page):
    with pytest.raises(ColophonError, match="@sec-aside"):
        page("# Aside {.unnumbered #sec-aside}\n\nSee @sec-aside.")


def test_a_capital_or_a_prefix_changes_the_words_and_not_the_number(page):
    body = "# One\n\n" + FIGURE.format("a") + FIGURE.format("b")
    shown = references(page(body + "@Fig-a, -@fig-b, [Figs. @fig-a; -@fig-b], [-@fig-a]"))
    assert shown == ["Figure 1.1", "1.2", "Figs. 1.1", "1.2", "1.1"]


def test_a_caption_may_refer_and_cite(page):
    body = "# One\n\n![As @fig-a and @simonyan2015 show](../figures/transfer/left){#fig-a}\n"
    caption = text_of(page(body).xpath("//figcaption")[0])
    assert caption == "Figure 1.1: As Figure 1.1 and Simonyan and Zisserman (2015) show"


def test_a_figure_or_table_without_a_label_has_no_number(page):
    body = "# One\n\n![Plain](../figures/transfer/left)\n\n| a |\n|---|\n| b |\n\n: Plain too\n\n"
    captions = page(body + FIGURE.format("a")).xpath("//figcaption")
    assert [text_of(c) for c in captions] == ["Plain", "Plain too", "Figure 1.1: A caption"]


def test_a_panel_follows_its_layout_and_letters_its_parts(page):
    parts = "".join(f"![Part {n}](../figures/transfer/left)\n\n" for n in "xyz")
    body = "# One\n\n::: {#fig-p layout-nrow=2}\n" + parts + "The whole.\n:::\n\n@fig-p-2"
    panel = page(body)
    rows = panel.xpath("//figure[@id='fig-p']//div[@class='panel-row']")
    assert [len(row.xpath("./figure")) for row in rows] == [2, 1]
    captions = [text_of(c) for c in panel.xpath("//figcaption")]
    assert captions == ["(a) Part x", "(b) Part y", "(c) Part z", "Figure 1.1: The whole."]
    assert references(panel) == ["Figure 1.1 (b)"]


def test_something_else_than_images_in_a_panel_is_refused(page):
    with pytest.raises(ColophonError, match=r"line 8: figure panel fig-p"):
        page("# One\n\n::: {#fig-p layout-ncol=2}\n- a list\n\nThe whole.\n:::\n")


def test_an_equation_may_stand_in_the_middle_of_a_paragraph(page):
    shown = page("# One\n\nBefore $$a$$ {#eq-a}, after @eq-a.\n")
    paragraph = shown.xpath("//main//p[.//*[@id='eq-a']]")[0]
    assert text_of(paragraph).startswith("Before") and text_of(paragraph).endswith(", after Equation 1.1.")


def test_titles_and_labels_are_escaped(page):
    shown = page('# 5 < 6 & "more" {#sec-a}\n\n::: {.callout-tip title="a < b & *c*"}\nx\n:::\n')
    assert text_of(shown.xpath("//main//h1[not(@class)]")[0]).startswith("1 5 < 6 & “more”")
    assert text_of(shown.find_class("callout-title")[0]) == "a < b & c"


def test_a_callout_collapses_without_a_script(page):
    shown = page('::: {.callout-note collapse="true" title="More"}\nHidden.\n:::\n')
    details = shown.xpath("//main//details")[0]
    assert text_of(details.find("summary")) == "More" and details.get("open") is None


def test_an_image_that_exists_as_png_only_is_taken(project, page):
    source = project("# One\n\n![Photo](../figures/photo){#fig-a}\n")
    png = bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
        "0000000a49444154789c63600000000200015e5d9a3c0000000049454e44ae426082"
    )
    (source.parent.parent / "figures" / "photo.png").write_bytes(png)
    target = source.parent.parent / "report.html"
    render(source, target, renderer="pandoc", epoch=1, log=target.with_suffix(".log"))
    images = lxml.html.parse(str(target)).getroot().xpath("//img")
    assert images[0].get("src").startswith("data:image/png;base64,")
    assert images[0].get("alt") == "Photo"
