"""A number that was printed carries its link and its bare words with it, until its place is known.

Jinja prints a value without knowing where: in a paragraph it becomes a link to the colophon, in a
heading, an alternative text, a formula or code no link can stand. So a value prints as a mark, and
`settle` chooses once the text is whole.
"""

import re
from collections.abc import Callable, Iterator

from report.document import escape
from report.document.regions import Region, regions

OPEN, MIDDLE, CLOSE = "\ue000", "\ue001", "\ue002"  # for private use: no text has them
MARK = re.compile(f"{OPEN}([^{MIDDLE}]*){MIDDLE}([^{CLOSE}]*){CLOSE}")
PLACE = re.compile(f"{OPEN}(\\d+){CLOSE}")
IDENTIFIER = re.compile(r"\{#([^\s}]+)")
TARGET = re.compile(r"\]\(#([^)\s]+)\)")
NUMBER = re.compile(r"([−+]?)([\d,.]+)(?:\u00a0(.+))?")
THOUSANDS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?:,\d{3})+(?!\d)")
BRACKET = re.compile(r"\\.|[\[\]]", re.DOTALL)
CALLOUT = re.compile(r"\.callout-\w")  # its title is read as Markdown after the attribute's own escapes
ESCAPE = re.compile(r"\\[^\w\s]")
NO_LINK = ("code", "comment", "attributes", "target", "tag")


def mark(linked: str, bare: str) -> str:
    """A text that becomes `linked` where a link can stand, elsewhere `bare`; both are Markdown."""
    return f"{OPEN}{linked}{MIDDLE}{bare}{CLOSE}"


def plain(text: str) -> str:
    """`text` with every number in it without its link."""
    return MARK.sub(r"\2", text)


def settle(text: str) -> str:
    """The Markdown `text` with every mark replaced by what can stand in its place.

    A link whose target the text does not have, in a document without a colophon, becomes a span: it
    keeps its tooltip.
    """
    found: list[tuple[str, str]] = []
    known = set(IDENTIFIER.findall(text))

    def remember(match: re.Match[str]) -> str:
        linked = TARGET.sub(lambda target: target[0] if target[1] in known else "]", match[1], count=1)
        found.append((linked, match[2]))
        return f"{OPEN}{len(found) - 1}{CLOSE}"

    def put(part: str, form: Callable[[str, str], str]) -> str:
        return PLACE.sub(lambda match: form(*found[int(match[1])]), part)

    text = MARK.sub(remember, text)
    spans = [*regions(text)]
    for place in in_links(text, spans):
        found[place] = found[place][1], found[place][1]
    parts: list[str] = []
    end = heading_end = 0
    for region in [*spans, Region("end", len(text), len(text))]:
        border = min(max(end, heading_end), region.start)
        parts += [put(text[end:border], second), put(text[border : region.start], first)]
        end, inside = region.end, text[region.start : region.end]
        if region.kind == "heading":
            heading_end = (text + "\n").index("\n", end)
        if region.kind == "math":
            inside = THOUSANDS.sub(lambda match: match[0].replace(",", "{,}"), put(inside, formula))
        if region.kind == "attributes" and CALLOUT.search(inside):
            inside = ESCAPE.sub(r"\\\\\g<0>", put(inside, second))
        parts.append(put(inside, second if region.kind in NO_LINK or end <= heading_end else first))
    return "".join(parts)


def in_links(text: str, spans: list[Region]) -> Iterator[int]:
    """The numbers of the places in links' texts, where no other link can stand; an image's is a caption."""
    for region in spans:
        if region.kind == "target":
            begin = opening(text, region.start)
            if begin is not None and not text.endswith("!", 0, begin):
                yield from (int(place[1]) for place in PLACE.finditer(text, begin, region.start))


def opening(text: str, end: int) -> int | None:
    """Where the bracket stands that the one at `end` closes, in the same paragraph."""
    begin = text.rfind("\n\n", 0, end) + 1
    depth = 0
    for found in reversed([*BRACKET.finditer(text, begin, end + 1)]):
        depth += {"]": 1, "[": -1}.get(found[0], 0)
        if depth == 0 and found[0] == "[":
            return found.start()
    return None


def first(linked: str, bare: str) -> str:
    return linked


def second(linked: str, bare: str) -> str:
    return bare


def formula(linked: str, bare: str) -> str:
    return tex(bare)


def tex(bare: str) -> str:
    """A printed number in a formula: `88.4 %` becomes `88.4\\,\\%`."""
    number = NUMBER.fullmatch(bare)
    if number is None:
        return rf"\text{{{escape.latex(bare)}}}"
    sign, digits, unit = number.groups()
    behind = "" if unit is None else r"\,\%" if unit == "%" else rf"\,\text{{{escape.latex(unit)}}}"
    return sign.replace("−", "-") + digits.replace(",", "{,}") + behind
