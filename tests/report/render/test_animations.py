"""An animation in HTML is a video that waits to be played, in PDF its frames with a poster that prints."""

import base64
import subprocess
from dataclasses import dataclass
from pathlib import Path

import lxml.html
import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from figures import animation
from report.errors import ColophonError
from report.render import quarto, render
from report.render.pandoc import executable
from report.stage import Outputs
from tests.report.render.conftest import EPOCH, lay_out

HEAD = "---\ntitle: A title\nbibliography: sample.bib\n---\n\n"
ONE = '![It grows.](../animations/ascent/wombat){#fig-wombat .animation fig-alt="From \\"noise\\" & to <a> wombat."}\n\n'
BODY = f"""# One

See @fig-wombat, @fig-pair and @fig-pair-b.

{ONE}
::: {{#fig-pair layout-ncol=2}}
![Left](../animations/ascent/wombat){{#fig-pair-a .animation fig-alt="L"}}

![Right](../animations/ascent/letters){{#fig-pair-b .animation width=50%}}

Two side by side.
:::
"""
COLOURS = ((200, 30, 30), (30, 160, 30), (30, 30, 200))
FRAMES = np.stack([np.full((40, 60, 3), colour, np.uint8) for colour in COLOURS])
LETTERS = np.zeros((2, 8, 8, 3), np.uint8)
LETTERS[1, 2:6, 2:6] = (240, 200, 0)


def make(folder: Path, text: str) -> Path:
    """A project with two animations, one of three colours and one of tiny letters."""
    source = lay_out(folder, HEAD + text)
    row = folder / "animations/ascent"
    outputs = Outputs(row, row / "checkpoint", lambda items, *_: iter(items))
    animation.write(FRAMES, outputs, "wombat", animation.Settings(side=60))
    animation.write(LETTERS, outputs, "letters", animation.Settings(side=32), poster=1)
    return source


def render_to(source: Path, suffix: str) -> Path:
    target = source.parent.parent / f"report.{suffix}"
    render(source, target, renderer="pandoc", epoch=EPOCH, log=target.with_suffix(".log"))
    return target


@dataclass
class Pages:
    folder: Path
    html: lxml.html.HtmlElement


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    folder = tmp_path_factory.mktemp("animations") / "my #1 project %41_é~x"
    target = render_to(make(folder, BODY), "html")
    return Pages(folder, lxml.html.parse(str(target)).getroot())


@pytest.fixture(scope="module")
def pdf(pages: Pages, needs_latex) -> Path:
    return render_to(pages.folder / "report/report.qmd", "pdf")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return make(tmp_path / "my project", "# One\n\n" + ONE)


def embedded(address: str) -> bytes:
    head, _, data = address.partition(";base64,")
    assert head.startswith("data:")
    return base64.b64decode(data)


def test_a_video_waits_with_its_poster_and_its_controls(pages):
    videos = pages.html.xpath("//video")
    assert len(videos) == 3
    for video in videos:
        assert {"controls", "poster", "muted", "playsinline"} <= set(video.attrib)
        assert "autoplay" not in video.attrib
        assert video.get("preload") == "metadata"
    assert all("video" not in script.text_content() for script in pages.html.xpath("//script"))


def test_the_video_and_its_poster_are_inside_the_page(pages):
    videos = pages.html.xpath("//video")
    files = pages.folder / "animations/ascent"
    assert [embedded(video.get("src")) for video in videos] == [
        (files / f"{name}.mp4").read_bytes() for name in ("wombat", "wombat", "letters")
    ]
    assert embedded(videos[0].get("poster")) == (files / "wombat-poster.jpg").read_bytes()
    assert embedded(videos[2].get("poster")) == (files / "letters-poster.png").read_bytes()
    sources = pages.html.xpath("//@src | //@srcset | //@poster")
    assert all(address.startswith("data:") for address in sources)


def test_the_link_for_browsers_without_video_leads_from_the_page_to_the_file(pages):
    links = pages.html.xpath("//video/a/@href")
    assert links[0] == "animations/ascent/wombat.mp4"
    assert all((pages.folder / link).is_file() for link in links)


def test_the_alternative_text_is_told_and_hides_no_controls(pages):
    labels = [video.get("aria-label") for video in pages.html.xpath("//video")]
    assert labels == ['From "noise" & to <a> wombat.', "L", "Right"]
    assert not pages.html.xpath("//video[@role]")


def test_the_poster_alone_is_there_for_paper(pages):
    stills = pages.html.find_class("animation-still")
    assert len(stills) == 3 and all(still.get("alt") for still in stills)
    style = "".join(pages.html.xpath("//style/text()"))
    assert ".animation-still { display: none !important; }" in style
    assert "figure video { display: none !important; }" in style.partition("@media print")[2]


def test_animations_are_numbered_and_referred_to_like_figures(pages):
    captions = [
        " ".join(c.text_content().replace("\u00a0", " ").split()) for c in pages.html.xpath("//figcaption")
    ]
    assert captions == ["Figure 1.1: It grows.", "(a) Left", "(b) Right", "Figure 1.2: Two side by side."]
    references = [
        link.text_content().replace("\u00a0", " ") for link in pages.html.xpath("//a[@class='xref']")
    ]
    assert references == ["Figure 1.1", "Figure 1.2", "Figure 1.2 (b)"]


def test_the_pdf_holds_every_frame_once_however_often_it_is_shown(pages, pdf):
    content = pdf.read_bytes()
    for index in range(3):
        frame = (pages.folder / f"animations/ascent/wombat/frame-{index}.jpg").read_bytes()
        assert content.count(frame[frame.index(b"\xff\xda") :]) == 1  # pdfTeX takes a JPEG as it is
    assert len(PdfReader(pdf).pages) == 3  # title, contents, the chapter


def test_the_pdf_has_buttons_and_frames_that_play(pdf):
    widgets = [widget.get_object() for widget in PdfReader(pdf).pages[2].get("/Annots") or []]
    names = {str(widget.get("/T")) for widget in widgets}
    assert {"anm0", "anm1", "anm2", "0.0", "0.1", "0.2", "2.1", "0.PlayRight", "2.StepRight"} <= names
    assert "0.3" not in names


def test_the_posters_show_on_the_printed_page(pdf, tmp_path):
    words = ["pdftoppm", "-r", "50", "-f", "3", "-l", "3", "-png", str(pdf), str(tmp_path / "page")]
    subprocess.run(words, check=True)
    (path,) = tmp_path.glob("page-*.png")
    page = np.asarray(Image.open(path).convert("RGB")).astype(int)

    def share(colour: tuple[int, int, int]) -> float:
        return float((np.abs(page - colour).max(axis=-1) < 12).mean())

    width, height = 8.27 * 72, 11.69 * 72
    large, small = 0.6 * 372, 0.485 * 372  # points, of the text's 372
    expected = (large * large * 2 / 3 + small * small * 2 / 3) / (width * height)
    assert share(COLOURS[-1]) == pytest.approx(expected, rel=0.1)
    assert share(COLOURS[0]) == share(COLOURS[1]) == 0
    assert share((240, 200, 0)) == pytest.approx((small / 2 / 2) ** 2 / (width * height), rel=0.2)


def test_the_same_source_gives_the_same_bytes_in_another_folder(pages, pdf, tmp_path):
    other = make(tmp_path / "elsewhere", BODY)
    assert render_to(other, "pdf").read_bytes() == pdf.read_bytes()
    assert render_to(other, "html").read_bytes() == (pages.folder / "report.html").read_bytes()


@pytest.mark.parametrize(
    ("lost", "suffix"),
    [
        ("wombat/animation.json", "html"),
        ("wombat/frame-1.jpg", "pdf"),
        ("wombat.mp4", "html"),
        ("wombat-poster.jpg", "html"),
    ],
)
def test_a_missing_file_is_an_error_that_names_it_and_the_line(source, lost, suffix, needs_latex):
    (source.parent.parent / "animations/ascent" / lost).unlink()
    with pytest.raises(ColophonError) as refused:
        render_to(source, suffix)
    text = str(refused.value)
    assert "report.qmd, line 8: animation ../animations/ascent/wombat: " in text
    assert lost in text and "make figures" in text


WRONG = {
    "a path that LaTeX can't read": (
        "![A](../animations/ascent/wom#bat){#fig-a .animation}",
        r"line 6: animation ../animations/ascent/wom#bat: LaTeX can't read such a path",
    ),
    "a width that is no share": (
        "![A](../animations/ascent/wombat){#fig-a .animation width=3cm}",
        r"line 6: animation ../animations/ascent/wombat: its width is 3cm, not a percentage",
    ),
}


@pytest.mark.parametrize(("body", "message"), WRONG.values(), ids=WRONG)
def test_an_animation_is_refused_with(source, body, message):
    source.write_text(HEAD + body)
    with pytest.raises(ColophonError, match=message):
        render_to(source, "html")


def for_quarto(source: Path, to: str) -> tuple[str, str]:
    """What Quarto is given to number, and for the head: pandoc with the shared filter, as Quarto runs it."""
    quarto.write_project(source)
    stand_in = source.parent / "quarto-theme/stand_in.lua"
    stand_in.write_text(
        "local function include_text(_, text) io.stderr:write(text) end\n"
        "quarto = { doc = { include_text = include_text } }\n"
        "return dofile('quarto-theme/portable.lua')\n"
    )
    filters = "--lua-filter=quarto-theme/stand_in.lua"
    words = [executable(), source.name, "--from=markdown", f"--to={to}", filters]
    done = subprocess.run(words, cwd=source.parent, capture_output=True, text=True, check=True)
    return done.stdout, done.stderr


def test_quarto_is_given_a_labelled_div_that_ends_with_the_caption(source):
    page = lxml.html.fromstring(for_quarto(source, "html")[0])
    (figure,) = page.xpath("//div[@id='fig-wombat']")
    assert [element.tag for element in figure] == ["video", "img", "p"]
    assert figure[-1].text_content() == "It grows."
    assert figure[0].get("aria-label") == 'From "noise" & to <a> wombat.'


def test_quarto_is_given_frames_for_the_pdf_and_the_package_that_plays_them(source):
    body, head = for_quarto(source, "latex")
    assert "\\animation{0.6\\fulltextwidth}{10}{../animations/ascent/wombat/frame-}{2}{2}" in body
    assert head == "\\usepackage{animate}"


def test_a_document_without_animations_does_not_load_their_package(source):
    source.write_text(HEAD + "Text.\n")
    assert for_quarto(source, "latex")[1] == ""
