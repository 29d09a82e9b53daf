"""Citations that are set by themselves are what citeproc makes of them in the whole document."""

import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from report.errors import ColophonError
from report.render import citations, pandoc
from report.render.tools import Job

HERE = Path(__file__).parent
META = "---\ntitle: A title\nbibliography: references.bib\n---\n\n"
END = "\n\n# References\n\n::: {#refs}\n:::\n\n# After\n\nText.\n"
BODY = "# One\n\nAs @simonyan2015 says [see @lazebnik2006, p. 3]; @fig-x and [-@lazebnik2006].\n"
SNIPPETS = (
    "@simonyan2015 says", "[@simonyan2015]", "[see @simonyan2015, p. 3; @lazebnik2006]", "[-@lazebnik2006].",
    "@lazebnik2006 [p. 33] says.", "*in [@simonyan2015] emphasis*", "A note.^[It cites @lazebnik2006.]",
    "![Caption [@simonyan2015]](a.png)", "| a |\n|---|\n| [@simonyan2015] |\n\n: Caption @lazebnik2006",
    "## Heading @lazebnik2006", "- item [@simonyan2015].\n- other", "> quote [@lazebnik2006]", "word", "§ 4 %",
    "[[@simonyan2015]{.value}](#a)", "::: {.callout-note title='The \"best\" by @lazebnik2006'}\nText.\n:::", "[see *the* work @simonyan2015 [-@lazebnik2006]]", "**bold**[@simonyan2015]",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("citations")
    shutil.copy(HERE / "sample.bib", folder / "references.bib")
    return folder


@pytest.fixture
def own(tmp_path: Path) -> Path:
    shutil.copy(HERE / "sample.bib", tmp_path / "references.bib")
    return tmp_path


def job(folder: Path) -> Job:
    return Job(folder / "document.qmd", folder / "report.html", 0, folder / "log")


def parsed(folder: Path, text: str) -> Path:
    """The document `text` as pandoc's JSON, in a file."""
    file = folder / "read" / "document.json"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(pandoc.to_json(text, job(folder)))
    return file


def settled(folder: Path, text: str) -> tuple[dict | None, int]:
    """The document with its citations set, None where they can't be; and how often citeproc was asked."""
    asked: list[str] = []

    def cite(alone: str) -> bytes | None:
        asked.append(alone)
        return pandoc.to_cited(alone, job(folder))

    found = citations.settle(parsed(folder, text), folder / "cited", "a version", cite)
    return found and json.loads(found.read_text()), len(asked)


def whole(folder: Path, text: str) -> dict:
    done = pandoc.run_json(["--from=json", *pandoc.CITEPROC], parsed(folder, text).read_text(), job(folder))
    return json.loads(done.stdout)


@settings(deadline=None, max_examples=int(os.environ.get("EXAMPLES", "30")))
@given(st.lists(st.sampled_from(SNIPPETS), min_size=1, max_size=12))
def test_random_documents_are_cited_as_the_whole(folder: Path, parts: list[str]):
    text = META + "# One\n\n" + "\n\n".join(parts) + END
    found, _ = settled(folder, text)
    expected = whole(folder, text)
    assert found is not None
    assert found["blocks"] == expected["blocks"]


def test_references_to_labels_are_left_to_the_filter(own: Path):
    found, _ = settled(own, META + BODY + END)
    assert '"citationId": "fig-x"' in json.dumps(found) and "fig-x?" not in json.dumps(found)
    assert "Lazebnik" in json.dumps(found)


def test_a_citation_in_a_reference_to_a_label_is_set(own: Path):
    text = (
        META
        + "# One {#sec-s}\n\n[@sec-s, as *in [@lazebnik2006]* said] and [*like @simonyan2015* @sec-s].\n"
    )
    (own / "document.qmd").write_text(text + END)
    pandoc.render(job(own))
    page = (own / "report.html").read_text()
    assert "@lazebnik2006" not in page and "@simonyan2015" not in page
    assert page.count('class="csl-entry"') == 2


def test_a_style_of_the_user_is_not_heeded(own: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(own))
    (own / "pandoc").mkdir()
    (own / "pandoc/default.csl").write_text("no style")
    assert settled(own, META + BODY + END)[0] is not None


def test_both_formats_rendered_side_by_side_read_what_is_there(own: Path):
    (own / "document.qmd").write_text(META + "# One\n\nSee @simonyan2015.\n" + END)
    for _ in range(8):
        for name in ("read", "cited"):
            shutil.rmtree(own / name, ignore_errors=True)
        with ThreadPoolExecutor() as pool:
            html = pool.submit(pandoc.to_html, job(own))
            latex = pool.submit(pandoc.to_latex, job(own), own / "report.tex")
            assert html.result() is latex.result() is None
        assert len(list((own / "read").iterdir())) == 1 and len(list((own / "cited").iterdir())) == 2


def test_citeproc_is_asked_again_only_for_other_citations_or_another_bibliography(own: Path):
    first, asked = settled(own, META + BODY + END)
    assert asked == 1
    edited, asked = settled(own, META + BODY.replace("says", "said") + END)
    assert asked == 0 and edited != first and "said" in json.dumps(edited)
    assert len(list((own / "cited").iterdir())) == 2
    assert settled(own, META + BODY.replace("p. 3", "p. 4") + END)[1] == 1
    bibliography = own / "references.bib"
    bibliography.write_text(bibliography.read_text().replace("Lazebnik", "Renamed"))
    found, asked = settled(own, META + BODY.replace("p. 3", "p. 4") + END)
    assert asked == 1 and "Renamed" in json.dumps(found)


@pytest.mark.parametrize(
    "text",
    [
        META.replace("title", "csl: own.csl\ntitle", 1) + BODY + END,
        META.replace("title", "nocite: '@*'\ntitle", 1) + BODY + END,
        META.replace("title", "references: [{id: a, title: b}]\ntitle", 1) + BODY + END,
        META.replace("references.bib", "gone.bib") + BODY + END,
        META.replace("bibliography: references.bib\n", "") + BODY + END,
        META + BODY + END.replace("#refs", "#other"),
        META.replace("references.bib", "true", 1) + BODY + END,
        META + BODY + "\nSee @nobody2020.\n" + END,
    ],
    ids=["style", "nocite", "own entries", "no file", "no bibliography", "no list", "no name", "unknown"],
)
def test_what_is_more_than_citations_of_known_works_is_left_to_the_whole(text: str, own: Path):
    assert settled(own, text)[0] is None


@pytest.mark.parametrize(
    "damage", [lambda held: held[: len(held) // 2], lambda held: b"", lambda held: b"{}"]
)
def test_what_is_kept_and_was_altered_is_made_anew(damage: Callable[[bytes], bytes], own: Path):
    expected, _ = settled(own, META + BODY + END)
    for path in (own / "cited").iterdir():
        path.write_bytes(damage(path.read_bytes()))
    assert settled(own, META + BODY + END) == (expected, 1)


def test_citations_that_one_format_alone_shows_are_set_in_it_alone(own: Path):
    only = "::: {.content-visible when-format=%s}\nSeen with @lazebnik2006.\n:::\n"
    (own / "document.qmd").write_text(META + "# One\n\nSee @simonyan2015.\n\n" + only % "pdf" + END)
    for suffix, count in (("html", 0), ("pdf", 1)):
        found = pandoc.read(Job(own / "document.qmd", own / f"report.{suffix}", 0, own / "log"))
        assert found.is_cited
        assert found.document.read_text().count("Lazebnik") == count * 2  # in the text, and in the list


def test_an_unknown_work_is_told_beside_the_other_holes(own: Path):
    (own / "document.qmd").write_text(META + "# One\n\nSee @nobody2020.\n\nSee @fig-gone.\n" + END)
    with pytest.raises(ColophonError) as error:
        pandoc.render(job(own))
    assert "line 8: missing citation @nobody2020" in str(error.value)
    assert "line 10: unresolved reference @fig-gone" in str(error.value)
