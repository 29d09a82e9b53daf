"""A printed number is a link where a link can stand, and plain elsewhere."""

import re
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from report.document.escape import markdown
from report.document.marks import mark, plain, settle, tex
from report.document.regions import EACH, PATTERN
from report.render.pandoc import FILTERS, executable

LINKED = '[88.4\u00a0%](#stage-x){.value title="x: a = 0.884"}'
BARE = "88.4\u00a0%"
N = mark(LINKED, BARE)
END = "\n\n[x]{#stage-x}\n"


@pytest.mark.parametrize(
    "place",
    [
        "It is {}.",
        "- {}\n- b",
        "| a | {} |",
        "*{}*",
        "# Head\n\n{} is it",
        "[^1]: {}",
        "cost \\${} and $x$",
        "![Caption with {}](a.png){#fig-a}",
        "[link](#sec-a) {} [link](#sec-b)",
        "[{}]{.small}",
        "{}",
    ],
)
def test_in_prose_lists_and_tables_a_number_is_a_link(place):
    assert settle(place.replace("{}", N) + END) == place.replace("{}", LINKED) + END


@pytest.mark.parametrize(
    "place",
    [
        "## With {} {#sec-with}\n\nMore.",
        "# {}",
        '![Caption](a.png){#fig-a fig-alt="About {} of them."}',
        '::: {.callout-note title="Nearly {}"}\n:::',
        "`{}`",
        "```\n{}\n```",
        "<!-- {} -->",
        "[link](http://a/{})",
        "See [the *{}*](#sec-a) and [a [b]{.c} \\] {}](#sec-b).",
    ],
)
def test_in_headings_attributes_code_links_and_addresses_a_number_is_plain(place):
    assert settle(place.replace("{}", N) + END) == place.replace("{}", BARE) + END


def test_what_follows_a_heading_has_links_again():
    text = f"# A {N} with $x$ and {N}\n\nThen {N}, $y$ and {N}.{END}"
    assert settle(text) == f"# A {BARE} with $x$ and {BARE}\n\nThen {LINKED}, $y$ and {LINKED}.{END}"


@pytest.mark.parametrize(
    ("bare", "expected"),
    [
        ("12,345", "12{,}345"),
        (BARE, r"88.4\,\%"),
        ("−2.1\u00a0points", r"-2.1\,\text{points}"),
        ("a_b", r"\text{a\_b}"),
    ],
)
def test_in_a_formula_a_number_is_written_as_tex(bare, expected):
    assert tex(bare) == expected
    assert settle(f"$n = {mark('[x](#y)', bare)}$") == f"$n = {expected}$"


def test_thousands_of_a_fact_in_a_formula_are_set_without_a_gap():
    assert settle("$n = 1,000$ of 1,000") == "$n = 1{,}000$ of 1,000"


def test_a_link_to_what_the_document_does_not_have_keeps_its_tooltip_alone():
    assert settle(N) == '[88.4\u00a0%]{.value title="x: a = 0.884"}'


def test_a_name_in_a_callouts_title_is_escaped_for_the_attribute_and_for_the_markdown_in_it():
    name = "<script>alert()</script> $x$ *b* \"q\" 'r' \\ -- {a} | &"
    source = settle(f'::: {{.callout-note title="Of {markdown(name)}"}}\nText.\n:::\n')
    command = [executable(), "--from=markdown", "--to=html", f"--lua-filter={FILTERS / 'portable.lua'}"]
    made = subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout
    (title,) = html.fromstring(made).find_class("callout-title")
    assert " ".join(title.text_content().split()) == f"Of {name}"


def test_plain_drops_every_link():
    assert plain(f"{N} and {N}") == f"{BARE} and {BARE}"


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="a1h-ttps:/ \t\n`~\\$<>{}&;@[]()^#.=\"'|!", max_size=60))
def test_what_is_passed_over_quickly_holds_no_region(text: str):
    slow = re.compile(EACH, re.MULTILINE | re.DOTALL)
    assert [found.span() for found in PATTERN.finditer(text)] == [m.span() for m in slow.finditer(text)]
