"""Where in a Markdown text formulas, code, attributes, links' targets and the like stand.

The patterns are pandoc's rules as far as they tell what is prose from what is not; a text that pandoc
would read otherwise is only linted too strictly, or loses a link.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

KINDS = {
    "front": r"\A---\n.*?\n(?:---|\.\.\.)[ ]*$",
    "code": r"^[ \t]*(?P<bar>`{3,}|~{3,})[^\n]*\n.*?^[ \t]*(?P=bar)[`~]*[ \t]*$"
    r"|(?<!`)(?P<tick>`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)(?P=tick)(?!`)",
    "comment": r"<!--.*?-->",
    "escape": r"\\[^\w\s]",
    "math": r"\$\$.+?\$\$|\$(?=[^\s$])(?:\\.|[^$\\](?!\n[ \t]*\n))+?(?<=\S)\$(?!\d)",
    "attributes": r"""\{[ ]*(?:[\#.=]|-[ ]*\}|[\w-]+=)(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^{}"'])*\}""",
    "fence": r"^[ \t]*:{3,}[ \t]*[\w-]*",
    "definition": r'^[ ]{0,3}\[[^\]\n^@][^\]\n]*\]:[ \t]+\S+(?:[ \t]+"[^"\n]*")?[ \t]*$',
    "note": r"\[\^[^\]\s]+\]",
    "target": r"\]\((?:\\.|[^()\\\n]|\n(?![ \t]*\n)|\([^()\n]*\))*\)",
    "tag": r"<(?:https?:|mailto:)[^<>\s]*>|</?[A-Za-z][^<>]*>|https?://[^\s<>)\]]+",
    "key": r"(?<![\w.])-?@(?:\{[^}\n]*\}|\w(?:[\w:.#%&+?<>~/-]*\w)?)"
    r"(?:,\s+(?:pp?|chap|sec|eq|fig)\.\s*\d+(?:[–-]\d+)?(?=[\],;]))?",
    "entity": r"&\#?\w+;",
    "heading": r"^\#{1,6}[ \t]",
}
FIRST = r"(?=[`\\$<{&@\[\]h-]|^)"  # what each of them begins with: most of a text is passed over quickly
EACH = "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in KINDS.items())
PATTERN = re.compile(f"{FIRST}(?:{EACH})", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Region:
    """A part of a text that is no prose: its kind (a key of KINDS), where it begins and ends."""

    kind: str
    start: int
    end: int


def regions(text: str) -> Iterator[Region]:
    """The parts of the Markdown `text` that are no prose, in their order."""
    for found in PATTERN.finditer(text):
        kind = next(kind for kind in KINDS if found[kind] is not None)
        yield Region(kind, *found.span())
