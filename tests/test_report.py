"""The smoke report, built from end to end through the Makefile: its two documents are whole."""

import base64
import json
import re

from report.render.latex import too_wide
from tests.smoke import text_of


def test_tables_and_figures_are_numbered_by_chapter_alike_in_both_documents(page, printed):
    shown = text_of(page)
    captions = re.findall(
        r"(?:Table|Figure) \d\.\d", " ".join(map(text_of, page.iter("caption", "figcaption")))
    )
    assert {"Table 1.1", "Table 1.2", "Figure 1.1", "Figure 1.2"} <= set(captions)
    for caption in captions:
        assert re.search(rf"{caption}\s*:", printed), caption
    for reference in ("Equation 1.2", "Equation 1.3", "Table 1.3", "Figure 1.7 (a)"):
        assert reference in shown.replace("\u00a0", " ")
        assert reference in " ".join(re.sub(r"-\n\s*", "", printed).split())


def test_nothing_is_left_unresolved(page, printed):
    for text in (text_of(page), printed):
        assert "??" not in text
        assert not re.search(r"@(tbl|fig|eq|sec)-", text)
        assert "{{" not in text and "{%" not in text


def test_every_link_within_the_page_has_its_target(page):
    targets = {element.get("id") for element in page.xpath("//*[@id]")}
    links = [link.get("href")[1:] for link in page.xpath("//a[starts-with(@href, '#')]")]
    assert len(links) > 10
    assert set(links) <= targets


def test_every_image_is_in_the_page_and_has_an_alternative_text(page):
    images = page.xpath("//img")
    assert len(images) > 20
    for image in images:
        head, _, data = image.get("src").partition(",")
        assert head.startswith(("data:image/svg+xml;base64", "data:image/png;base64"))
        assert b"<svg" in base64.b64decode(data) or b"PNG" in base64.b64decode(data)[:8]
        assert len(image.get("alt")) > 20


def test_no_line_of_the_pdf_is_more_than_two_points_too_wide(project):
    log = (project / "build/smoke/report/latex/document.log").read_text(errors="replace")
    assert too_wide(log) == []


def test_a_page_of_the_pdf_carries_its_chapter_and_its_number_at_its_head(printed):
    heads = [page.lstrip("\n").split("\n")[0].split() for page in printed.split("\f")]
    numbered = {number: head for number, head in enumerate(heads, 1) if head[-1:] == [str(number)]}
    assert len(numbered) > len(heads) / 2
    chapters = dict.fromkeys(" ".join(head[:-1]) for head in numbered.values())
    assert [name for name in chapters if name[:1] in "123"][:3] == [
        "1 Transfer learning",
        "2 Looking into networks",
        "3 Domain adaptation",
    ]
    assert "References" in chapters


def test_the_page_asks_nothing_of_other_hosts(page):
    outside = page.xpath(
        "//*[starts-with(@src, 'http')] | //link[starts-with(@href, 'http')] | //script[@src]"
    )
    assert outside == []


def test_the_title_page_names_the_profile_and_the_colophon_every_stage(project, page, printed):
    assert "profile smoke" in " ".join(printed.split("\f")[0].split())
    stages = [path.parent for path in (project / "build/smoke/stages").rglob("provenance.json")]
    assert len(stages) == 47
    flat = " ".join(printed.split())
    pages = [page.lstrip("\n").partition("\n")[2] for page in printed.split("\f")]  # without their heads
    unbroken = re.sub(r"-\n\s*|\s+", "", "".join(pages))  # long paths are broken at the end of a line
    for stage in stages:
        record = json.loads((stage / "provenance.json").read_text())
        assert record["script"] in unbroken and record["stage"] in text_of(page)
    assert record["versions"]["torch"] in flat and record["hardware"]["processor"] in flat


def test_what_a_stage_decided_while_running_is_in_its_provenance_and_in_the_colophon(project, page):
    folder = project / "build/smoke/stages/transfer/features/backbone=small-vit"
    assert json.loads((folder / "provenance.json").read_text())["facts"]["precision"] == "float32"
    assert "precision float32" in text_of(page)
