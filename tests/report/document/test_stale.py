"""The marks of stale results reach the captions they are meant for, and nothing else."""

from dataclasses import replace
from pathlib import Path

from report.document.derived import count_of, difference, mean
from report.document.stale import mark_pictures, notice
from report.document.tables import Tables
from report.document.values import Origin, Value
from tests.report.document.measured import Numbers, value_of

STALE = ["figures/a", "animations/film"]


def numbers(stale: bool) -> Value:
    made = value_of(Numbers(data="digits", count=5, time=1.0, score=0.5, shares=[0.1]))
    origin = replace(Origin("part/stage", Path(), anchor="stage-part"), stale=stale)
    return Value(origin, (), made._raw, made._schema, made._root)


def test_pictures_drawn_from_stale_results_say_so_also_in_panels_and_without_a_caption() -> None:
    text = (
        "![A [link](#x)](../figures/a/one){#fig-a}\n\n"
        "::: {#fig-p layout-ncol=2}\n![](../animations/film/x){.animation}\n\n![B](../figures/ab/two)\n:::\n\n"
        "See [the file](../figures/a/one) and `![C](../figures/a/one)`.\n"
    )
    assert mark_pictures(text, STALE) == text.replace("![A ", "![**Stale.** A ").replace(
        "![](../ani", "![**Stale.**](../ani"
    )
    assert mark_pictures(text, ["part/stage"]) == text


def test_a_notice_names_the_stages_escaped_and_their_reasons() -> None:
    said = notice({"part/a_b": "setting x: 1 is now [2]", "figures/a": "if part/a_b changes"})
    assert "- part/a\\_b: setting x: 1 is now \\[2\\]\n:::" in said
    assert notice({}) == ""


def test_a_computed_value_is_stale_if_any_it_is_made_from_is() -> None:
    fresh, stale = numbers(False), numbers(True)
    assert difference(fresh.score, stale.score)._origin.stale
    assert mean([fresh.score, stale.score])._origin.stale
    assert count_of([fresh, stale])._origin.stale
    assert not difference(fresh.score, fresh.score)._origin.stale


def test_a_table_says_so_if_a_row_or_a_single_cell_is_stale() -> None:
    fresh, stale = numbers(False), numbers(True)

    def caption(row: object) -> str:
        return Tables()("tbl-x", "Words", [["Score", "score"]], [numbers(False), row]).splitlines()[-1]  # type: ignore[list-item]  # of any kind

    assert caption(fresh).startswith(": Words {#tbl-x")
    assert caption(stale).startswith(": **Stale.** Words {#tbl-x")
    assert caption({"score": stale.score}).startswith(": **Stale.** Words")
    assert caption({"score": difference(fresh.score, stale.score)}).startswith(": **Stale.** Words")
