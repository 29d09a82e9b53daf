"""`FROZEN=1` runs no stage: it stops with what is stale, or shows it marked."""

from pathlib import Path

import pytest

from report.build.makefile import plan
from report.build.plan import Planner
from report.build.record import record
from report.build.runner import run
from report.document.build import build_document
from report.errors import ColophonError
from tests.forked import planner
from tests.tiny import Tiny

CHAPTER = """\
# One {#sec-one}

The total is {{ results("chain/total").total }}, the side {{ results("side").value }}.

{{ table("tbl-total", "What the chain gives", [["Total", "total"]], [results("chain/total")]) }}

{{ table("tbl-side", "What stands beside", [["Value", "value"]], [results("side")]) }}

{{ table("tbl-both", "The difference", [["Difference", "d"]],
         [{"d": difference(results("side").value, results("chain/total").total)}]) }}

![The chain, drawn]({{ figure("chain/total") }}){#fig-total}

![Beside it, drawn]({{ figure("beside/side") }}){#fig-side}
"""
DRAW = """\
import matplotlib
from matplotlib.figure import Figure


def draw(inputs, outputs):
    figure = Figure((1, 1))
    figure.text(0.1, 0.5, str(inputs["{stage}"].metrics["{metric}"]))
    for suffix in ("pdf", "svg"):
        figure.savefig(outputs.path("{name}." + suffix), metadata={{"Date" if suffix == "svg" else "CreationDate": None}})
"""


@pytest.fixture(scope="module")
def once(built_once: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    tiny = built_once.copy(tmp_path_factory.mktemp("frozen") / "a tiny project")
    tiny.edit("pipeline.yaml", "figures:\n", "figures:\n  beside: {needs: [side], minutes: 0.01}\n")
    tiny.write("figures/chain.py", DRAW.format(stage="chain/total", metric="total", name="total"))
    tiny.write("figures/beside.py", DRAW.format(stage="side", metric="value", name="side"))
    tiny.write("templates/report/document.yaml", "title: T\nchapters: [one.qmd.j2]\n")
    tiny.write("templates/report/one.qmd.j2", CHAPTER)
    record(planner(tiny))
    return tiny


@pytest.fixture
def clone(once: Tiny, tmp_path: Path) -> Tiny:
    """A clone without build and data, with everything recorded and a document to build."""
    return once.copy(tmp_path / "a clone", "build", "data")


def frozen(tiny: Tiny, **more: str) -> Planner:
    return planner(tiny, FROZEN="1", RENDERER="pandoc", **more)


def make_stale(tiny: Tiny) -> None:
    """Edit a stage into one that can't be imported here, as for want of torch."""
    tiny.edit(
        "experiments/chain/total.py", "from report import", "import no_torch_here\nfrom report import"
    )


def build_page(tiny: Tiny) -> tuple[str, str]:
    """The page and its source from one frozen build that shows what is stale."""
    done = tiny.make("html", "FROZEN=1", "STALE=show", "RENDERER=pandoc", SOURCE_DATE_EPOCH="86400")
    assert done.returncode == 0, done.stdout + done.stderr
    return tiny.read("build/demo/report.html"), tiny.read("build/demo/report/report.qmd")


def test_a_frozen_build_stops_with_the_list_of_stale_stages_and_imports_none(clone: Tiny) -> None:
    make_stale(clone)
    clone.edit("profiles/demo.yaml", "[1, 2]", "[1, 2, 3]")
    with pytest.raises(ColophonError) as refused:
        plan(frozen(clone), "report", "report")
    assert str(refused.value) == (
        "FROZEN=1 runs no stage, and 2 are stale:\n"
        "  chain/member/seed=3: never run\n"
        "  chain/total: never run; its recorded result is stale: experiments/chain/total.py was edited\n"
        "  Run them where they can run, with `make experiments` and `make record`; or let STALE=show mark "
        "what rests on them."
    )
    assert clone.ran() == []


def test_a_changed_setting_is_told_also_where_the_stage_cannot_be_imported(clone: Tiny) -> None:
    clone.edit("profiles/demo.yaml", "{scale: 2.0}", "{scale: 3.0}")
    with pytest.raises(ColophonError, match=r"chain/source: .* stale: setting scale: 2.0 is now 3.0"):
        plan(frozen(clone), "experiments", "")
    clone.edit("profiles/demo.yaml", "{scale: 3.0}", "{scale: 300.0}")
    with pytest.raises(
        ColophonError, match=r"chain/source: .* stale: its settings can't be told: .*scale = 300"
    ):
        plan(frozen(clone), "experiments", "")


def test_a_stage_by_hand_is_refused_in_a_frozen_build(clone: Tiny) -> None:
    plan(planner(clone), "experiments", "")
    clone.edit("experiments/side.py", "start: int = 3", "start: int = 4")
    asked = frozen(clone)
    with pytest.raises(
        ColophonError, match=r"side: FROZEN=1 runs no stage, and it is stale \(experiments/side"
    ):
        run(asked, asked.tasks["side"])
    assert clone.ran() == []


def test_what_has_no_result_at_all_cannot_be_shown(clone: Tiny) -> None:
    clone.edit("profiles/demo.yaml", "[1, 2]", "[1, 2, 3]")
    with pytest.raises(ColophonError, match=r"no result to show of 1:\n  chain/member/seed=3: never run"):
        plan(frozen(clone, STALE="show"), "html", "report")


def test_stale_results_are_shown_marked_and_the_marks_go_when_they_are_fresh_again(clone: Tiny) -> None:
    make_stale(clone)
    page, source = build_page(clone)
    assert clone.ran() == []
    assert 'title="Some results are stale"' in source
    assert "- chain/total: experiments/chain/total.py was edited" in source
    assert "figures/chain:" not in source
    assert ": **Stale.** What the chain gives {#tbl-total" in source
    assert ": **Stale.** The difference {#tbl-both" in source
    assert ": What stands beside {#tbl-side" in source
    assert "![**Stale.** The chain, drawn](../figures/chain/total)" in source
    assert "![Beside it, drawn](../figures/beside/side)" in source
    assert page.count("<strong>Stale.</strong>") == 4  # in the notice, in two tables and a figure
    assert "chain/total: total = 27.0, stale" in page and "side: value = 6, stale" not in page
    again = clone.make("html", "FROZEN=1", "STALE=show", "RENDERER=pandoc", SOURCE_DATE_EPOCH="86400")
    assert again.stdout == "demo: html is up to date\n"
    clone.edit("experiments/chain/total.py", "import no_torch_here\n", "")
    (made,) = build_document(frozen(clone), "report", ["html"])
    assert "tale." not in made.read_text()


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"FROZEN": "yes"}, "FROZEN=yes: not known\n  One of: 0, 1, or nothing"),
        ({"FROZEN": "1", "STALE": "hide"}, "STALE=hide: not known\n  One of: show, or nothing"),
        ({"STALE": "show"}, "STALE=show: only with FROZEN=1"),
        ({"FROZEN": "0", "STALE": "show"}, "STALE=show: only with FROZEN=1"),
    ],
)
def test_a_value_that_is_not_known_is_refused(variables: dict[str, str], told: str, bare: Tiny) -> None:
    with pytest.raises(ColophonError) as refused:
        planner(bare, **variables)
    assert told in str(refused.value)
