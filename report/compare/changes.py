"""What differs between two builds, and whether a difference is more than chance would make."""

from dataclasses import dataclass, field
from typing import Any, Literal

from report.compare.builds import Build
from report.document.numerals import general
from report.document.wording import p_value

Told = Literal["apart", "outside", "within", "unknown"]
WORDS: dict[Told, str] = {
    "apart": "yes: the intervals are apart",
    "outside": "unclear: outside the old interval, which overlaps the new one",
    "within": "no: within the old interval",
    "unknown": "–",
}


@dataclass(frozen=True)
class Change:
    """A value that prints otherwise: its name, how it printed, and whether its intervals tell it apart."""

    name: str
    before: str
    after: str
    difference: str
    told: Told


@dataclass(frozen=True)
class ClaimChange:
    """A claim whose verdict or figures are others; empty where it is not in a build."""

    name: str
    before: str
    after: str
    figures_before: str
    figures_after: str

    @property
    def turned(self) -> bool:
        """Whether its verdict is another one."""
        return self.before != self.after


@dataclass
class Changes:
    """Everything that differs.

    Attributes:
        values: those that print otherwise, clear differences first.
        finer: how many differ in digits that are not printed.
        new, gone: values of one build alone, by stage.
        claims: None where one build does not tell.
        figures: names with what happened to them; None where one build does not tell.
    """

    values: list[Change] = field(default_factory=list)
    finer: int = 0
    new: dict[str, int] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    claims: list[ClaimChange] | None = None
    figures: dict[str, str] | None = None

    def any(self) -> bool:
        """Whether anything differs."""
        return bool(self.values or self.finer or self.new or self.gone or self.claims or self.figures)


def changes(before: Build, after: Build) -> Changes:
    """How `after` differs from `before`."""
    found = Changes(
        new=by_stage(after.values.keys() - before.values.keys()),
        gone=by_stage(before.values.keys() - after.values.keys()),
    )
    for name, now in after.values.items():
        old = before.values.get(name)
        if old is None or numbers(old) == numbers(now):
            continue
        if old["text"] == now["text"]:
            found.finer += 1
        else:
            found.values.append(
                Change(name, old["text"], now["text"], difference(old, now), told(old, now))
            )
    found.values.sort(key=lambda change: list(WORDS).index(change.told))
    if before.claims is not None and after.claims is not None:
        found.claims = claim_changes(before.claims, after.claims)
    if before.figures is not None and after.figures is not None:
        found.figures = figure_changes(before.figures, after.figures)
    return found


def numbers(value: dict[str, Any]) -> list[Any]:
    return [value.get(end) for end in ("value", "low", "high")]


def by_stage(names: set[str]) -> dict[str, int]:
    stages = sorted(name.split(":")[0] for name in names)
    return {stage: stages.count(stage) for stage in dict.fromkeys(stages)}


def difference(old: dict[str, Any], now: dict[str, Any]) -> str:
    """With its sign, of a fraction in points; empty where there is none."""
    both = [old["value"], now["value"]]
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in both):
        return ""
    fraction = now.get("unit") == "fraction"
    unit = "points" if fraction else now.get("unit", "").replace("duration", "s")
    text = general((both[1] - both[0]) * (100 if fraction else 1), significant=3, sign="+")
    return f"{text} {unit}".strip().replace("-", "−")


def told(old: dict[str, Any], now: dict[str, Any]) -> Told:
    """What the 95 % intervals say. That they are apart is a stricter test than one of the difference."""
    if None in (*numbers(old), *numbers(now)):
        return "unknown"
    if old["high"] < now["low"] or now["high"] < old["low"]:
        return "apart"
    return "within" if old["low"] <= now["value"] <= old["high"] else "outside"


def claim_changes(before: dict[str, Any], after: dict[str, Any]) -> list[ClaimChange]:
    found = []
    for name in dict.fromkeys([*after, *before]):
        old, now = before.get(name, {}), after.get(name, {})
        change = ClaimChange(name, old.get("verdict", ""), now.get("verdict", ""), shown(old), shown(now))
        if change.turned or change.figures_before != change.figures_after:
            found.append(change)
    return sorted(found, key=lambda change: not change.turned)


def shown(claim: dict[str, Any]) -> str:
    """The figures of a claim with its p-value after Holm's correction."""
    adjusted = claim.get("adjusted_p")
    return claim.get("figures", "") + (f"; Holm's p {p_value(adjusted)}" if adjusted is not None else "")


def figure_changes(before: dict[str, str], after: dict[str, str]) -> dict[str, str]:
    words = {name: "changed" for name in before.keys() & after.keys() if before[name] != after[name]}
    words |= dict.fromkeys(after.keys() - before.keys(), "new")
    words |= dict.fromkeys(before.keys() - after.keys(), "gone")
    return dict(sorted(words.items()))
