"""A document is data: a manifest and chapters, some of them shared. Nothing in the engine knows its name."""

import pytest
from lxml import html

from report.build.documents import Rendering, rendering_changes
from report.build.plan import Planner
from report.build.project import open_project
from report.document.assemble import assemble
from report.errors import ColophonError
from tests.smoke import text_of
from tests.tiny import CHAIN, Tiny

FILES = {
    "report/document.yaml": (
        "title: Long\nchapters: [one.qmd.j2, shared/sources.qmd.j2]\nbibliography: shared/works.bib\n"
    ),
    "report/one.qmd.j2": '# One\n\nThe total is {{ results("chain/total").total }} [@leaf].\n',
    "leaflet/document.yaml": (
        "title: Short\nchapters: [only.qmd.j2, shared/sources.qmd.j2]\nbibliography: shared/works.bib\n"
    ),
    "leaflet/only.qmd.j2": (
        '{% import "shared/answers.qmd.j2" as shared %}\n# Only\n\n{{ shared.twice(results("side")) }}\n'
    ),
    "shared/answers.qmd.j2": "{% macro twice(side) %}\nDoubled it is {{ side.value }} [@leaf].\n{% endmacro %}\n",
    "shared/sources.qmd.j2": "# Sources {.unnumbered}\n\n::: {#refs}\n:::\n",
    "shared/works.bib": "@misc{leaf, author = {Ann Author}, title = {Leaves}, year = {2020}}\n",
}


@pytest.fixture
def two(built: Tiny) -> Tiny:
    """The tiny project, built, with two documents that share a chapter, an answer and a bibliography."""
    for path, text in FILES.items():
        built.write(f"templates/{path}", text)
    built.ran()
    return built


def render(tiny: Tiny, document: str) -> None:
    done = tiny.make("html", f"DOC={document}", "RENDERER=pandoc", SOURCE_DATE_EPOCH="0")
    assert done.returncode == 0, done.stdout + done.stderr


def changes(tiny: Tiny, document: str) -> list[str]:
    """Why the document's page must be rendered again."""
    project = open_project(root=tiny.root, env={"RENDERER": "pandoc"})
    return rendering_changes(Planner(project), Rendering(document, "html"))


def test_a_second_document_is_made_of_the_same_results_and_of_what_both_share(
    two: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    render(two, "report")
    render(two, "leaflet")
    assert two.ran() == []
    page = text_of(html.parse(two.root / "build/demo/leaflet.html").getroot())
    assert "Doubled it is 6 (Author 2020)." in page and "Leaves" in page
    assert changes(two, "report") == changes(two, "leaflet") == []
    two.edit("templates/leaflet/only.qmd.j2", "# Only", "# Alone")
    assert changes(two, "report") == []
    assert changes(two, "leaflet") == ["templates changed"]
    two.edit("templates/shared/works.bib", "Leaves", "Petals")
    assert changes(two, "report") == ["shared templates changed"]


def test_two_documents_that_are_built_at_once_have_rules_of_their_own(two: Tiny) -> None:
    two.edit("experiments/shared.py", "FACTOR = 2", "FACTOR = 3")
    for document in ("report", "leaflet"):
        assert two.report("plan", "html", "--doc", document, RENDERER="pandoc").returncode == 0
    for document in ("report", "leaflet"):
        rules = two.read(f"build/demo/html.{document}.mk")
        assert f"render --profile demo {document} html" in rules
    render(two, "leaflet")
    assert two.ran() == [*(stage for stage in CHAIN if "source" not in stage), "figures/chain", "side"]
    assert not (two.root / "build/demo/report.html").exists()
    assert two.make("clean").returncode == 0
    assert not (two.root / "build/demo").exists()


def test_a_shared_chapter_that_is_not_there_is_named_with_those_that_are(two: Tiny) -> None:
    two.edit("templates/leaflet/document.yaml", "shared/sources", "shared/source")
    with pytest.raises(
        ColophonError,
        match=r"leaflet/document.yaml: no chapter shared/source.qmd.j2\s+Did you mean shared/sources.qmd.j2",
    ):
        assemble(Planner(open_project(root=two.root, env={})), "leaflet")


MISTAKES = {
    "a number typed by hand": ("{{ shared", "Of 88 {{ shared", "only.qmd.j2, line 5: 88 in "),
    "a stage that is not there": (
        'results("side")',
        'results("sied")',
        "only.qmd.j2, line 5: no stage 'sied'",
    ),
    "a chapter that is not there": (
        "only.qmd",
        "onyl.qmd",
        "leaflet/document.yaml: no chapter onyl.qmd.j2",
    ),
    "a bibliography that is not there": (
        "works.bib",
        "wroks.bib",
        "document.yaml: no bibliography shared/wroks.bib",
    ),
    "no template": ("{{ shared", "{{{ shared", "only.qmd.j2, line 5: "),
}


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES.values(), ids=MISTAKES)
def test_what_is_wrong_with_a_document_is_told_before_its_stages_run(
    two: Tiny, old: str, new: str, message: str
) -> None:
    two.edit("experiments/side.py", "= 3", "= 4")
    two.edit(
        "templates/leaflet/only.qmd.j2",
        "# Only",
        '<# results("later") #>{% if false %}{{ results("never") }}{% endif %}{% raw %}results("raw"){% endraw %}\n# Only',
    )
    two.write("templates/leaflet/draft.qmd.j2", '{{ results("draft") }}')
    file = (
        "templates/leaflet/document.yaml" if "document.yaml" in message else "templates/leaflet/only.qmd.j2"
    )
    two.edit(file, old, new)
    for goal in ("html", "claims"):
        done = two.make(goal, "DOC=leaflet", "RENDERER=pandoc")
        assert done.returncode != 0 and message in done.stderr and "make[" not in done.stderr
    assert two.ran() == []
    assert two.make("figures").returncode == 0  # which no document's mistake keeps from running
    assert two.ran() == ["side"]
