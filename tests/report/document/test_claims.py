"""Claims: the data choose the wording, and no verdict may be without one."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, StrictUndefined, TemplateSyntaxError
from statsmodels.stats.multitest import multipletests

from report.document import hypotheses
from report.document.claim_block import ClaimBlock
from report.document.claims import Claims
from report.document.hypotheses import Outcome
from report.document.wording import figures, p_value, plain, unlinked
from report.errors import ColophonError
from tests.report.document.measured import classifier

NBSP = "\u00a0"
WORDINGS = "{% holds %} it holds {% fails %} it fails {% undecided %} nobody knows {% endclaim %}"


def outcome(p: float | None, direction: int = 1, exact: bool = False) -> Outcome:
    found = Outcome("a test", direction, p, -1.25, -2.0, 0.5, "points", 1, {"images": 1500}, exact=exact)
    return found if p is not None or exact else Outcome("a test", 0, reason="too few seeds")


def render(template: str, **given: object) -> tuple[str, Claims]:
    environment = Environment(
        extensions=[ClaimBlock], undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals |= {test.__name__: test for test in hypotheses.TESTS}
    text = environment.from_string(template).render(**given)
    claims: Claims = environment.claims  # type: ignore[attr-defined]  # ClaimBlock extends it
    return claims.decide(text), claims


@pytest.mark.parametrize(
    ("p", "printed"),
    [
        (0.0499, "0.0499"),
        (0.04951, "0.0495"),
        (0.04996, "0.04996"),
        (0.0494, "0.049"),
        (0.05, "0.050"),
        (0.0503, "0.050"),
        (0.0999, "0.100"),
        (0.123, "0.12"),
        (0.0009996, f"<{NBSP}0.001"),
    ],
)
def test_a_p_value_below_the_level_does_not_read_as_the_level(p: float, printed: str):
    assert p_value(p) == printed


@pytest.mark.parametrize(
    ("difference", "low", "high", "shown"),
    [
        (123456.0, 123410.5, 123460.7, "123,456 [123,410, 123,461]"),
        (12345.5, 12312.5, 12390.7, "12,346 [12,312, 12,391]"),
        (2.5, 1.26789, 3.0, "2.5 [1.268, 3]"),
    ],
)
def test_figures_without_declared_digits_lose_none_before_the_point(difference, low, high, shown):
    assert figures(Outcome("a test", 1, 0.01, difference, low, high)) == shown


def said(text: str) -> str:
    """The text without the marks around a claim."""
    return re.sub(r"\[\^.\^\]\(#[^)]*\)\{[^}]*\}|\[\]\{[^}]*\}", "", text)


@pytest.mark.parametrize(
    ("found", "wording"),
    [
        (outcome(0.01), "it holds"),
        (outcome(0.01, -1), "it fails"),
        (outcome(0.3), "nobody knows"),
        (outcome(0.3, -1), "nobody knows"),
        (outcome(None), "nobody knows"),
        (outcome(None, 1, exact=True), "it holds"),
        (outcome(None, -1, exact=True), "it fails"),
    ],
)
def test_the_test_chooses_the_wording_which_stands_in_its_sentence(found: Outcome, wording: str):
    text, _ = render('Well, {% claim "c", found %}' + WORDINGS + ", it seems.", found=found)
    assert said(text) == f"Well, {wording}, it seems."


def test_the_line_after_a_claim_stays_a_line_of_its_own():
    text, _ = render('One.\n{% claim "c", found %}' + WORDINGS + "\nTwo.\n\nThree.", found=outcome(0.01))
    assert said(text) == "One.\nit holds\nTwo.\n\nThree."


def test_a_claim_has_an_anchor_and_a_mark_that_leads_to_its_row():
    text, _ = render('{% claim "a-b", found %}' + WORDINGS, found=outcome(0.01))
    assert text.startswith("[]{#claim-a-b}it holds[^◆^](#claims-a-b){.claim-mark ")
    assert 'title="holds, p = 0.010"' in text


def test_the_verdicts_of_a_chapter_are_those_of_holms_correction():
    p_values = [0.012, 0.02, 0.04, 0.3, 0.001]
    block = "{% for p in ps %}{% claim 'c' ~ loop.index, test(p) %}" + WORDINGS + ";{% endfor %}"
    block += "{% claim 'exact', exact %}" + WORDINGS + "{% claim 'none', none_ %}" + WORDINGS
    text, claims = render(
        block, ps=p_values, test=outcome, exact=outcome(None, exact=True), none_=outcome(None)
    )
    expected: Any = multipletests(p_values, method="holm")
    rejected, adjusted = expected[:2]
    records = claims.records()
    assert [record.adjusted for record in records[:5]] == pytest.approx(list(adjusted))
    assert [record.verdict == "holds" for record in records[:5]] == list(rejected)
    assert [record.verdict for record in records[5:]] == ["holds", "undecided"]
    assert claims.chapters[0].family == 5
    assert said(text).split(";")[0] == "it holds"


def test_each_chapter_is_corrected_for_its_own_claims():
    environment = Environment(extensions=[ClaimBlock], comment_start_string="<#", comment_end_string="#>")
    claims: Claims = environment.claims  # type: ignore[attr-defined]  # ClaimBlock extends it
    for name in ("one", "two"):
        block = f'# Head {{#sec-{name}}}\n{{% claim "c-{name}", found %}}' + WORDINGS
        claims.decide(environment.from_string(block).render(found=outcome(0.04)))
    assert [(chapter.label, chapter.family) for chapter in claims.chapters] == [
        ("sec-one", 1),
        ("sec-two", 1),
    ]
    assert [record.verdict for record in claims.records()] == ["holds", "holds"]


@pytest.mark.parametrize(
    ("low", "expected"),
    [(-2.0, f"−1.2{NBSP}points (−2.0 to 0.5{NBSP}points)"), (None, f"−1.2{NBSP}points")],
)
def test_an_estimate_is_the_difference_with_its_interval_where_it_has_one(low: float | None, expected: str):
    found = replace(outcome(0.0004), low=low, high=0.5 if low else None)
    text, _ = render(
        '{% claim "c", found %}{% holds %}{{ claim.estimate }}{% fails %}x{% undecided %}y{% endclaim %}',
        found=found,
    )
    assert said(text) == expected


def test_a_claim_that_only_the_correction_leaves_open_says_so():
    blocks = "".join('{% claim "' + name + '", found %}' + WORDINGS for name in ("c", "d", "e"))
    claims = render(blocks, found=outcome(0.04))[1]
    assert [record.alone for record in claims.records()] == [True] * 3
    claims = render(blocks, found=outcome(0.06))[1]
    assert [record.alone for record in claims.records()] == [False] * 3
    claims = render(blocks, found=outcome(0.001))[1]
    assert [record.alone for record in claims.records()] == [False] * 3


def test_a_wording_prints_the_figures_of_its_test_with_their_unit():
    words = "{{ claim.difference }} | {{ claim.size }} | {{ claim.interval }} | {{ claim.p }} | {{ claim.adjusted_p }} | {{ claim.n }} | {{ claim.verdict }}"
    block = '{% claim "c", found %}{% holds %}' + words + "{% fails %}x{% undecided %}y{% endclaim %}"
    text, _ = render(block + '{% claim "d", found %}' + WORDINGS, found=outcome(0.0004))
    assert said(text).split(" | ")[:7] == [
        f"−1.2{NBSP}points", f"1.2{NBSP}points", f"−2.0 to 0.5{NBSP}points",
        f"*p*{NBSP}\\<{NBSP}0.001", f"*p*{NBSP}\\<{NBSP}0.001", "1,500", "holdsit holds",
    ]  # fmt: skip


@pytest.mark.parametrize("missing", ["holds", "fails", "undecided"])
@pytest.mark.parametrize("p", [0.001, 0.9])
def test_a_claim_without_one_of_its_wordings_is_refused_whichever_verdict_came_out(missing: str, p: float):
    for instead in ("", f"{{% {missing} %}}  "):
        kept = [f"{{% {word} %}} words " for word in ("holds", "fails", "undecided") if word != missing]
        block = '{% claim "the-claim", found %}' + "".join(kept) + instead + "{% endclaim %}"
        message = (
            rf"claim 'the-claim' has no wording for {missing}; a test: −1\.2.points \[−2\.0, 0\.5\]; p"
        )
        with pytest.raises(ColophonError, match=message):
            render(block, found=outcome(p))


def test_a_figure_that_the_test_lacks_is_refused_only_where_it_would_be_printed():
    block = '{% claim "c", found %}{% holds %}{{ claim.low }}{% fails %}x{% undecided %}U{% endclaim %}'
    assert said(render(block, found=outcome(None))[0]) == "U"
    with pytest.raises(ColophonError, match="claim 'c' is undecided, and has no low: too few seeds"):
        render(block.replace("}U", "}{{ claim.low }}"), found=outcome(None))


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ('{% claim "c", t %}' + WORDINGS + '{% claim "c", t %}' + WORDINGS, "two claims are called 'c'"),
        ('{% claim "C 1", t %}' + WORDINGS, "'C 1' is no name for a claim"),
        ('{% claim "c", 3 %}' + WORDINGS, "claim 'c' has no test"),
        ('{% claim "c", t %}{% holds %}a\n\nb{% fails %}x{% undecided %}y{% endclaim %}', "several paragraphs"),
        (
            '{% claim "c", t %}{% holds %}{% if 1 %}{% claim "d", t %}' + WORDINGS
            + "{% endif %}{% fails %}x{% undecided %}y{% endclaim %}",
            "claim 'd' lies inside claim 'c'",
        ),
    ],
)  # fmt: skip
def test_claims_that_can_not_be_are_refused(block: str, message: str):
    with pytest.raises(ColophonError, match=message):
        render(block, t=outcome(0.01))


@pytest.mark.parametrize("times", [0, 2])
def test_a_claim_that_is_made_and_not_printed_once_is_refused(times: int):
    block = '{% set kept %}{% claim "c", t %}' + WORDINGS + "{% endset %}" + "{{ kept }}" * times
    with pytest.raises(ColophonError, match=f"line 1: claim 'c' is printed {times} times, not once"):
        render(block, t=outcome(0.01))


@pytest.mark.parametrize(("claimed", "digits"), [(-0.04, 1), (0.04, 1), (-0.0, None)])
def test_a_difference_that_rounds_to_zero_has_no_sign(claimed: float, digits: int | None):
    found = replace(outcome(0.01), difference=claimed, digits=digits)
    block = '{% claim "c", t %}{% holds %}{{ claim.difference }}|{% fails %}x{% undecided %}y{% endclaim %}'
    assert said(render(block, t=found)[0]).split("|")[0] in (f"0.0{NBSP}points", f"0{NBSP}points")


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ('{% claim "c", t %}{% holds %}{% claim "d", t %}' + WORDINGS, "a claim inside a claim"),
        ('{% claim "c", t %}{% holds %}a{% holds %}b{% endclaim %}', "two wordings holds"),
        ('{% claim "c", t %}words' + WORDINGS, "a claim begins with"),
        ('{% claim "c" %}' + WORDINGS, "expected token ','"),
    ],
)
def test_blocks_that_can_not_be_read_are_refused(block: str, message: str):
    with pytest.raises(TemplateSyntaxError, match=message):
        render(block, t=outcome(0.01))


def test_the_metrics_exchanged_turn_the_verdict_round(tmp_path: Path):
    good, poor = [1] * 30 + [0] * 10, [0] * 25 + [1] * 5 + [0] * 10
    block = '{% claim "c", mcnemar(a, b) %}' + WORDINGS
    verdicts = {}
    for name, (first, second) in {
        "as": (good, poor),
        "flipped": (poor, good),
        "same": (good, good),
    }.items():
        a, b = classifier(tmp_path / name, first, "a"), classifier(tmp_path / name, second, "b")
        verdicts[name] = said(render(block, a=a, b=b)[0])
    assert verdicts == {"as": "it holds", "flipped": "it fails", "same": "nobody knows"}


def test_a_wording_in_the_table_has_no_links_and_in_the_file_no_marks_of_markdown():
    text = 'The\n[1\\_0](#stage){.value title="a } \\" b"} and [x]{.y} | *p* of @fig-a'
    assert unlinked(text) == r"The 1\_0 and x \| *p* of @fig-a"
    assert plain(text) == "The 1_0 and x | p of @fig-a"


def test_formulas_of_a_wording_stay_as_they_are_in_the_table_and_in_the_file():
    text = r"For [$\lambda^*$](#stage){.value} = 1\_0, $|x| \le 2 * \|y\|$, *not* for \$5 | $x$"
    assert unlinked(text) == r"For $\lambda^*$ = 1\_0, $|x| \le 2 * \|y\|$, *not* for \$5 \| $x$"
    assert plain(text) == r"For $\lambda^*$ = 1_0, $|x| \le 2 * \|y\|$, not for $5 | $x$"
