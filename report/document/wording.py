"""How the numbers of a claim are written, and its wording where it stands in the table of claims."""

import re
from collections.abc import Callable

from report.document import marks
from report.document.hypotheses import Outcome
from report.document.numerals import general
from report.document.regions import regions

NBSP = "\u00a0"
LEVEL = 0.05  # below which a p-value decides a claim
FORMULA = "\ue020"  # in the place of one; of Unicode's private area, which no one types
ATTRIBUTES = r'\{(?:[^{}"]|"(?:[^"\\]|\\.)*")*\}'
TARGET = r'\([^()\s]*(?:\s"[^"]*")?\)'
LINK = re.compile(rf"!?\[((?:[^\[\]\\]|\\.)*)\](?:{TARGET}(?:{ATTRIBUTES})?|{ATTRIBUTES})")


def amount(value: float, outcome: Outcome) -> str:
    """A number of an outcome to its digits; whole numbers whole."""
    if outcome.digits is not None:
        text = f"{value:z,.{outcome.digits}f}"
    else:
        text = f"{value:z,.0f}" if value == round(value) else general(value)
    return text.replace("-", "−")


def unit_of(outcome: Outcome) -> str:
    return NBSP + outcome.unit if outcome.unit else ""


def p_value(p: float | None, equals: str = "") -> str:
    """`0.013`, `< 0.001`, or a dash where there is none; `equals` stands before an exact one.

    One that is just below the level has as many digits as tell it from that: `0.0499`.
    """
    if p is None:
        return "–"
    if p < 0.001:
        return f"<{NBSP}0.001"
    digits = 3 if p < 0.1 else 2
    while p < LEVEL <= round(p, digits):
        digits += 1
    return f"{equals}{p:.{digits}f}"


def p_equals(p: float) -> str:
    return f"*p*{NBSP}" + p_value(p, f"={NBSP}").replace("<", "\\<")


def figures(outcome: Outcome) -> str:
    """The difference with its interval, and the counts, in a few words."""
    words = []
    if outcome.difference is not None:
        words.append(amount(outcome.difference, outcome) + unit_of(outcome))
    if outcome.low is not None and outcome.high is not None:
        words[-1] += f" [{amount(outcome.low, outcome)}, {amount(outcome.high, outcome)}]"
    return "; ".join([*words, *(text for text in (outcome.counted, outcome.reason) if text)])


def summary(outcome: Outcome) -> str:
    p = "" if outcome.p is None else f"; p {p_value(outcome.p, '= ')}"
    return f"{outcome.test}: {figures(outcome)}{p}"


def unlinked(markdown: str) -> str:
    """`markdown` on one line, its links and spans as their text, for a cell of a table.

    Formulas stay as they are: a bar in one does not end a cell for pandoc, and `\\|` would be a norm.
    """
    return _outside_formulas(_unlinked, _one_line(markdown))


def plain(markdown: str) -> str:
    """`markdown` without its escapes and emphasis; formulas stay as TeX, between their dollars."""

    def bare(text: str) -> str:
        return re.sub(r"\\(.)|\*", lambda found: found[1] or "", _unlinked(text))

    return _outside_formulas(bare, _one_line(markdown))


def _one_line(markdown: str) -> str:
    return re.sub(r"[ \t\n]+", " ", marks.plain(markdown)).strip()


def _unlinked(text: str) -> str:
    while (without := LINK.sub(r"\1", text)) != text:
        text = without
    return re.sub(r"(?<!\\)\|", r"\\|", text)


def _outside_formulas(change: Callable[[str], str], text: str) -> str:
    """`change` of the text, which sees a mark in the place of each formula."""
    formulas = [region for region in regions(text) if region.kind == "math"]
    pieces, end = [], 0
    for region in formulas:
        pieces += [text[end : region.start], FORMULA]
        end = region.end
    kept = iter([text[region.start : region.end] for region in formulas])
    return re.sub(FORMULA, lambda _: next(kept), change("".join([*pieces, text[end:]])))
