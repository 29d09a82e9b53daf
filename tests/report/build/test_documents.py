"""A document is rendered again when what it shows has changed, and only then."""

from collections.abc import Callable

import pytest

from report.build.documents import Rendering, record_rendering, rendering_changes, rendering_parts
from report.build.plan import Planner
from report.build.project import open_project, source_date
from report.errors import ColophonError
from tests.tiny import Tiny

PAGE = Rendering("report", "html")


@pytest.fixture
def rendered(built: Tiny, monkeypatch: pytest.MonkeyPatch) -> Tiny:
    """A built project whose page was rendered, as far as the records tell."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    built.write("templates/report/document.yaml", "title: T\nchapters: []\n")
    built.write("build/demo/report.html", "<p>T</p>")
    built.write("build/demo/report/values.json", "{}")
    built.write("build/demo/report/tables/tbl-x.csv", "a")
    planner = open_planner(built)
    record_rendering(planner, PAGE, rendering_parts(planner, PAGE))
    return built


def open_planner(tiny: Tiny, **variables: str) -> Planner:
    return Planner(open_project(root=tiny.root, env=variables))


CHANGES: dict[str, tuple[Callable[[Tiny], object], list[str]]] = {
    "nothing": (lambda t: None, []),
    "a template": (
        lambda t: t.edit("templates/report/document.yaml", "title: T", "title: U"),
        ["templates changed"],
    ),
    "what the profile is about": (
        lambda t: t.edit("profiles/demo.yaml", "values:", "about: other words\nvalues:"),
        ["profile changed"],
    ),
    "a result": (
        lambda t: t.edit("build/demo/stages/side/provenance.json", '"id"', ' "id"'),
        ["results changed"],
    ),
    "the page": (lambda t: t.write("build/demo/report.html", "<p>U</p>"), ["report.html was altered"]),
    "an export's content": (
        lambda t: t.write("build/demo/report/values.json", '{"a": 1}'),
        ["values.json was altered"],
    ),
    "an export": (
        lambda t: (t.root / "build/demo/report/tables/tbl-x.csv").unlink(),
        ["tables/tbl-x.csv is missing"],
    ),
    "the record, half of it": (
        lambda t: t.write("build/demo/report/html.json", '{"parts": {}}'),
        ["report.html was altered"],
    ),
}


@pytest.mark.parametrize(("change", "expected"), CHANGES.values(), ids=CHANGES)
def test_a_page_tells_why_it_must_be_rendered_again_after_a_change_of(
    change: Callable[[Tiny], object], expected: list[str], rendered: Tiny
) -> None:
    change(rendered)
    assert rendering_changes(open_planner(rendered), PAGE) == expected


@pytest.mark.parametrize("given", ["yesterday", "-5", "99999999999999"])
def test_a_date_that_is_none_is_refused(given: str, bare: Tiny) -> None:
    with pytest.raises(ColophonError, match=f"SOURCE_DATE_EPOCH={given}: not a number of seconds"):
        source_date(bare.root, {"SOURCE_DATE_EPOCH": given})
    assert source_date(bare.root, {"SOURCE_DATE_EPOCH": "86400"}) == 86400


def test_a_page_is_rendered_again_once_quarto_is_installed_and_not_for_the_renderer_it_had(
    rendered: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    planner = open_planner(rendered)
    record_rendering(planner, PAGE, rendering_parts(planner, PAGE))
    assert rendering_changes(open_planner(rendered, RENDERER="pandoc"), PAGE) == []
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    assert rendering_changes(open_planner(rendered), PAGE) == ["renderer changed"]
