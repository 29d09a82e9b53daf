"""Claims: sentences bound to a test, whose wording the data choose.

A chapter's claims are collected while it is rendered; each leaves a mark in its place. When the
chapter is done, Holm's correction over all of them gives the verdicts, and the marks become words.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from report.document.hypotheses import Outcome
from report.document.wording import (
    LEVEL,
    amount,
    figures,
    p_equals,
    p_value,
    plain,
    summary,
    unit_of,
    unlinked,
)
from report.errors import ColophonError

Verdict = Literal["holds", "fails", "undecided"]
VERDICTS: tuple[Verdict, ...] = ("holds", "fails", "undecided")
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
# Marks in a chapter's text, in characters of Unicode's private area, which no one types.
PLACE, ADJUSTED, LACKING, END = "\ue010", "\ue011", "\ue012", "\ue013"
PLACES = re.compile(f"{PLACE}([^{END}]*){END}")
LACKED = re.compile(f"{LACKING}([^{END}]*){END}")


@dataclass(frozen=True)
class Claim:
    """What the wordings of a claim may print, as `claim`."""

    name: str
    outcome: Outcome
    verdict: Verdict

    @property
    def test(self) -> str:
        return self.outcome.test

    @property
    def difference(self) -> str:
        """`1.3 points`, with a sign where it is negative."""
        return self._number("difference", unit=True)

    @property
    def size(self) -> str:
        """The difference without its sign."""
        return self.difference.removeprefix("−")

    @property
    def low(self) -> str:
        return self._number("low", unit=True)

    @property
    def high(self) -> str:
        return self._number("high", unit=True)

    @property
    def interval(self) -> str:
        """`0.4 to 2.1 points`."""
        return f"{self._number('low')} to {self.high}"

    @property
    def estimate(self) -> str:
        """The difference with its interval, where it has one: `1.3 points (0.4 to 2.1 points)`."""
        return self.difference + (f" ({self.interval})" if self.outcome.low is not None else "")

    @property
    def p(self) -> str:
        """`*p* = 0.013`, or `*p* < 0.001`, of the test itself."""
        return p_equals(self.outcome.p) if self.outcome.p is not None else lacking("p")

    @property
    def adjusted_p(self) -> str:
        """The same after Holm's correction over the chapter."""
        return f"{ADJUSTED}{self.name}{END}" if self.outcome.p is not None else lacking("adjusted_p")

    @property
    def n(self) -> str:
        """How many test images, or seeds, where they are counted."""
        counts = self.outcome.counts
        found = counts.get("images", counts.get("seeds"))
        return f"{found:,}" if found is not None else lacking("n")

    @property
    def counts(self) -> dict[str, int]:
        return self.outcome.counts

    def _number(self, name: str, unit: bool = False) -> str:
        value = getattr(self.outcome, name)
        if value is None:
            return lacking(name)
        return amount(value, self.outcome) + (unit_of(self.outcome) if unit else "")


@dataclass(frozen=True)
class Record:
    """A decided claim, for the table of claims.

    `wording` is Markdown without links; `figures` and the p-values are as printed.
    """

    name: str
    chapter: str
    outcome: Outcome
    verdict: Verdict
    adjusted: float | None
    wording: str

    @property
    def figures(self) -> str:
        return figures(self.outcome)

    @property
    def alone(self) -> bool:
        """Whether it is undecided, and would not be if it were the only claim of its chapter."""
        return self.verdict == "undecided" and self.outcome.p is not None and self.outcome.p < LEVEL

    @property
    def p(self) -> str:
        """`*p* = 0.013` of the test itself, empty where there is none."""
        return "" if self.outcome.p is None else p_equals(self.outcome.p)

    @property
    def adjusted_p(self) -> str:
        return p_value(self.adjusted)

    def export(self) -> dict[str, Any]:
        """For claims.json: every number in full, the wording as plain text."""
        return {
            "name": self.name,
            "chapter": self.chapter,
            "wording": plain(self.wording),
            **{
                key: value
                for key, value in vars(self.outcome).items()
                if key not in ("direction", "counted")
            },
            "adjusted_p": self.adjusted,
            "figures": self.figures,
            "verdict": self.verdict,
        }


@dataclass(frozen=True)
class Chapter:
    """The decided claims of one chapter: its label (`sec-transfer`) and how many were corrected for."""

    label: str
    family: int
    records: list[Record]


@dataclass
class Pending:
    """A claim of the chapter being rendered: its three wordings, and where it stands."""

    outcome: Outcome
    wordings: dict[Verdict, str]
    where: str


@dataclass
class Claims:
    """The claims of a document, chapter by chapter."""

    chapters: list[Chapter] = field(default_factory=list)
    listed: int = 0
    _pending: dict[str, Pending] = field(default_factory=dict)

    def records(self) -> list[Record]:
        return [record for chapter in self.chapters for record in chapter.records]

    def listing(self) -> list[Chapter]:
        """The chapters with claims, for the table at the end; notes that they were listed."""
        self.listed = len(self.chapters)
        return self.chapters

    def add(self, name: str, outcome: Outcome, wordings: dict[Verdict, str], where: str) -> str:
        """Take in a claim; returns the mark that `decide` turns into its wording.

        Raises ColophonError for a name used twice and for a wording that is missing or empty,
        or longer than a paragraph.
        """
        known = {record.name: record.chapter for record in self.records()}
        if name in self._pending or name in known:
            raise ColophonError(f"two claims are called {name!r}", "Give each a name of its own.")
        missing = [verdict for verdict in VERDICTS if not wordings.get(verdict)]
        if missing:
            raise ColophonError(
                f"claim {name!r} has no wording for {' and '.join(missing)}; {summary(outcome)}",
                f"Write what is to be said then, after {{% {missing[0]} %}}.",
            )
        for verdict, text in wordings.items():
            if "\n\n" in text:
                raise ColophonError(
                    f"claim {name!r}: the wording for {verdict} has several paragraphs",
                    "It stands inside a paragraph: leave out the empty line.",
                )
        self._pending[name] = Pending(outcome, wordings, where)
        return f"{PLACE}{name}{END}"

    def require_listed(self, document: str) -> None:
        """Raise ColophonError unless the document lists every one of its claims."""
        if self.listed < len(self.chapters):
            raise ColophonError(
                f"{document} does not list the claims of {self.chapters[self.listed].label or 'a chapter'}",
                "Add the chapter claims.qmd.j2 to its document.yaml, after every chapter that claims.",
            )

    def decide(self, text: str) -> str:
        """A whole chapter's `text` with each claim in the wording that its verdict chooses.

        Raises ColophonError for a claim that does not stand in the text once, and for a wording that
        prints a figure which its test does not have.
        """
        pending, self._pending = self._pending, {}
        placed = PLACES.findall(text)
        for name, one in pending.items():
            if (times := placed.count(name)) != 1:
                raise ColophonError(
                    f"templates/{one.where}: claim {name!r} is printed {times} times, not once",
                    "Print what it was set or given to once; leave a claim that is not shown out.",
                )
        tested = {name: one.outcome.p for name, one in pending.items() if one.outcome.p is not None}
        adjusted = dict(zip(tested, holm(list(tested.values())), strict=True))
        heading = re.search(r"^# .*\{#(sec-[^\s}]+)", text, re.MULTILINE)
        label = heading[1] if heading else ""
        records = {
            name: settle(name, label, one, adjusted.get(name), adjusted) for name, one in pending.items()
        }
        if records:
            self.chapters.append(Chapter(label, len(tested), [record for record, _ in records.values()]))
        return PLACES.sub(lambda found: records[found[1]][1], text)


def settle(
    name: str, chapter: str, one: Pending, adjusted: float | None, every: dict[str, float]
) -> tuple[Record, str]:
    """The decided claim, and its wording with a mark that leads to its row in the table."""
    chosen = verdict(one.outcome, adjusted)
    wording = re.sub(f"{ADJUSTED}([^{END}]*){END}", lambda m: p_equals(every[m[1]]), one.wordings[chosen])
    if lack := LACKED.search(wording):
        because = one.outcome.reason or "its test has none"
        raise ColophonError(
            f"templates/{one.where}: claim {name!r} is {chosen}, and has no {lack[1]}: {because}",
            f"Word the verdict {chosen} without it.",
        )
    record = Record(name, chapter, one.outcome, chosen, adjusted, unlinked(wording))
    title = chosen if adjusted is None else f"{chosen}, p {p_value(adjusted, '= ')}"
    sign = "◇" if chosen == "undecided" else "◆"
    mark = f'[^{sign}^](#claims-{name}){{.claim-mark title="{title}" aria-label="Test of this claim"}}'
    return record, f"[]{{#claim-{name}}}{wording}{mark}"


def verdict(outcome: Outcome, adjusted: float | None) -> Verdict:
    """What the numbers say of a claim; `adjusted` is its p-value after Holm's correction."""
    if outcome.exact:
        return "holds" if outcome.direction > 0 else "fails"
    if adjusted is None or adjusted >= LEVEL or outcome.direction == 0:
        return "undecided"
    return "holds" if outcome.direction > 0 else "fails"


def lacking(figure: str) -> str:
    """Stands for a figure that a test does not have: refused in a wording that is printed."""
    return f"{LACKING}{figure}{END}"


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted for how many they are, in the order given (Holm 1979, Scand. J. Stat. 6).

    To call significant what stays below 0.05 errs on any true hypothesis in at most 5 % of cases.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted
