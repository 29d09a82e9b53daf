"""`make claims`: the claims of a document with their tests and verdicts, on the terminal."""

from pathlib import Path

from rich.markup import escape
from rich.table import Table

from report.build.content import read_json
from report.document.wording import p_value
from report.terminal import terminal

STYLES = {"holds": "green", "fails": "red", "undecided": "yellow"}


def show(path: Path) -> None:
    """Print the claims in `path`, a claims.json."""
    console = terminal()
    claims = read_json(path).get("claims", [])
    if not claims:
        console.print("no claims")
        return
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("claim", "wording", "test and figures", "p", "Holm", "verdict"):
        grid.add_column(heading, overflow="fold", no_wrap=heading in ("claim", "p", "Holm", "verdict"))
    for claim in claims:
        style = STYLES[claim["verdict"]]
        grid.add_row(
            escape(claim["name"]),
            escape(claim["wording"]),
            escape(f"{claim['test']}: {claim['figures']}"),
            p_value(claim["p"]),
            p_value(claim["adjusted_p"]),
            f"[{style}]{claim['verdict']}[/]",
        )
    console.print(grid)
