"""The changes between two builds as Markdown, for a comment, and on a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from report.compare.changes import WORDS, Changes

MOST = 40  # rows of values, unless all are asked for
Section = tuple[str, list[str], list[list[str]]]  # its title, the heads, the rows


def sections(found: Changes, every: bool) -> list[Section]:
    """Tables of what changed, none where nothing did."""
    tables: list[Section] = []
    if found.claims:
        rows = [
            [c.name, c.before or "new", c.after or "gone", c.figures_before, c.figures_after]
            for c in found.claims
        ]
        tables.append(("Claims", ["claim", "verdict before", "now", "figures before", "now"], rows))
    if found.values:
        kept = found.values if every else found.values[:MOST]
        rows = [[c.name, c.before, c.after, c.difference, WORDS[c.told]] for c in kept]
        tables.append(("Values", ["value", "before", "now", "difference", "told apart"], rows))
    if found.figures:
        tables.append(("Figures", ["figure", ""], [[name, word] for name, word in found.figures.items()]))
    return tables


def notes(found: Changes, every: bool, unknown: str) -> list[str]:
    """What the tables do not tell."""
    lines = []
    if (hidden := len(found.values) - MOST) > 0 and not every:
        lines.append(f"{counted(hidden, 'more value')} changed; ALL=1 shows them.")
    if found.finer:
        lines.append(f"{counted(found.finer, 'value')} changed in digits that are not printed.")
    for words, stages in (("New", found.new), ("Gone", found.gone)):
        lines += [f"{words}: {counted(count, 'value')} of {stage}." for stage, count in stages.items()]
    if found.claims is None:
        lines.append(f"Claims were not compared: {unknown or 'REF has no claims.json.'}")
    if found.figures is None:
        lines.append("Figures were not compared: REF does not hold them.")
    return lines if found.any() else ["No value, claim or figure differs.", *lines]


def counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def markdown(title: str, tables: Sequence[Section], lines: Sequence[str]) -> str:
    """All of it as GitHub's Markdown."""
    parts = [f"### {plain(title)}"]
    for heading, heads, rows in tables:
        body = [heads, ["---"] * len(heads), *([plain(cell) for cell in row] for row in rows)]
        parts.append(f"**{heading}**\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in body))
    if lines:
        parts.append("\n".join(f"- {plain(line)}" for line in lines))
    return "\n\n".join(parts) + "\n"


def plain(text: str) -> str:
    """`text` as Markdown that reads as it is written, in a line."""
    text = " ".join(text.split())
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>|#~" else sign for sign in text)


def show(console: Console, title: str, tables: Sequence[Section], lines: Sequence[str]) -> None:
    """All of it on a terminal."""
    console.print(f"[bold]{escape(title)}[/]")
    for heading, heads, rows in tables:
        grid = Table(title=heading, title_justify="left", box=None, pad_edge=False, header_style="bold")
        for head in heads:
            grid.add_column(head, overflow="fold")
        for row in rows:
            grid.add_row(*map(escape, row))
        console.print()
        console.print(grid)
    console.print("\n".join(["", *map(escape, lines)]).rstrip() or "")
