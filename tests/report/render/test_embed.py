"""What a page shows is put into it, and nothing else is touched."""

import base64
from pathlib import Path

import lxml.html
import pytest

from report.errors import ColophonError
from report.render import pandoc
from report.render.embed import embed
from report.render.problems import Problem
from report.render.tools import Job

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def page(folder: Path, body: str) -> Path:
    file = folder / "page.html"
    file.write_text(f"<html><body>{body}</body></html>", encoding="utf-8")
    return file


def rendered(folder: Path, text: str) -> str:
    (folder / "document.qmd").write_text(text, encoding="utf-8")
    pandoc.render(Job(folder / "document.qmd", folder / "report.html", 0, folder / "log"))
    return (folder / "report.html").read_text(encoding="utf-8")


def test_pictures_videos_and_posters_are_put_into_the_page(tmp_path: Path):
    (tmp_path / "a b&c.png").write_bytes(PNG)
    (tmp_path / "v.mp4").write_bytes(b"video")
    body = (
        '<img alt="x > y" src="a%20b&amp;c.png"><video src="v.mp4" poster="a%20b%26c.png"><a href="v.mp4">'
    )
    file = page(tmp_path, body.replace("x > y", "x &gt; y"))
    assert embed(file, tmp_path) == []
    data = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    video = f"data:video/mp4;base64,{base64.b64encode(b'video').decode()}"
    expected = f'<img alt="x &gt; y" src="{data}"><video src="{video}" poster="{data}"><a href="v.mp4">'
    assert file.read_text() == f"<html><body>{expected}</body></html>"


@pytest.mark.parametrize(
    "body",
    [
        "<pre>&lt;img src=&quot;a.png&quot;&gt;</pre>",
        '<code data-src="a.png">x</code>',
        '<a href="a.png" title="src=&quot;b&quot;">src="a.png"</a>',
        '<img alt="src=&quot;a.png&quot;" src="data:image/png;base64,AAAA">',
        '<img title="the attribute src=" alt="a poster=" src="data:image/png;base64,AAAA">',
    ],
)
def test_what_is_no_picture_stays(body: str, tmp_path: Path):
    file = page(tmp_path, body)
    before = file.read_text()
    assert embed(file, tmp_path) == [] and file.read_text() == before


def test_what_cannot_be_embedded_is_named_and_the_page_stays(tmp_path: Path):
    (tmp_path / "a.png").write_bytes(PNG)
    file = page(tmp_path, '<img src="a.png"><img src="gone.png"><img src="//example.org/x.png">')
    before = file.read_text()
    assert embed(file, tmp_path) == [
        Problem("resource", "gone.png", "No such file or directory"),
        Problem("resource", "//example.org/x.png", "it is not in the project, put it there"),
    ]
    assert file.read_text() == before


def test_a_picture_from_the_network_is_refused_with_its_line(tmp_path: Path):
    with pytest.raises(ColophonError) as error:
        rendered(tmp_path, "# A\n\n![Text](https://example.org/a.png)\n")
    assert "document.qmd, line 3: missing file https://example.org/a.png: it is not in" in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "::: {.callout-note title=\"<script src='own.js'></script>\"}\nText.\n:::\n",
        '`<script src="own.js"></script>`{=HTML}\n',
        "```{=revealjs}\n<script src='own.js'></script>\n```\n",
    ],
)
def test_html_in_titles_and_of_other_names_is_embedded_too(text: str, tmp_path: Path):
    (tmp_path / "own.js").write_text("let own = 1;")
    made = rendered(tmp_path, "# A\n\n" + text)
    assert "let own = 1;" in made and "own.js" not in made


def test_a_drawing_that_is_to_stand_in_the_page_does(tmp_path: Path):
    (tmp_path / "s.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"><rect width="1"/></svg>')
    assert "<svg" in rendered(tmp_path, "# A\n\n![Text](s.svg){.inline-svg}\n")


def test_what_an_authors_own_html_and_style_ask_for_is_embedded_too(tmp_path: Path):
    (tmp_path / "a.png").write_bytes(PNG)
    (tmp_path / "own.css").write_text("p { background: url(a.png) }")
    (tmp_path / "own.js").write_text("let own = 1;")
    text = (
        "---\ncss: own.css\n---\n\n# A\n\n<p><img src='a.png' alt=''></p>\n\n"
        "![Text](a.png)\n\n```{=html}\n<script src=own.js></script>\n```\n"
    )
    made = rendered(tmp_path, text)
    assert "let own = 1;" in made and "own.js" not in made
    assert "a.png" not in made.replace("data:", "") and "own.css" not in made
    assert len(lxml.html.fromstring(made).xpath("//img[starts-with(@src, 'data:image/png')]")) == 2
