"""Reads a document's markdown section by section, and keeps what pandoc made of each.

Reading is what takes pandoc longest, and both formats need the same: an edit reads its own section anew.
A document is read whole where one of its sections might not stand by itself: `pieces` and `joined` tell,
in doubt against it.
"""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, chain
from pathlib import Path

from report.errors import ColophonError
from report.render.kept import drop_others, keep, kept

Read = Callable[[str], bytes]  # markdown to pandoc's JSON; raises ColophonError
WORTH = 8_000  # characters, which take pandoc several times as long as its start
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.*?)[ \t]*#*[ \t]*(?:\{[^{}\n]*\})?[ \t]*$", re.MULTILINE)
SECTION = re.compile(r"#{1,3}[ \t]")
DIV = re.compile(r" {0,3}:{3,}[ \t]*([^\s:])?")
SHARED = re.compile(  # what one section may say for another, or what may begin in one and end in another
    r"""<[A-Za-z/!?] | \[\^[^\]\s^]+\] | \[(?!@)[^\[\]]*\]: | \*\[
    | ^[ \t>]*[-=+.]{3,}[ \t]*$ | ^[ \t]*-+([ ]+-+)+[ \t]*$
    | ^\#[^\n]*\n[ \t]*\n?[ ]{0,3}[:~][ \t] | ^[ \t>]*\#{1,6}[ \t]+[\d\W_]
    | \\(?:[egx]?def|let|(?:re)?newcommand|provide\w+|Declare\w+|new(?:if|env\w*|theorem))\b""",
    re.MULTILINE | re.VERBOSE,
)
# In what pandoc read: a word in brackets that no link took up, footnotes, numbered examples.
LEFT_OVER = re.compile(r'"t":"Str","c":"[^"]*\[(?:[^\W\d_]|")|"t":"Note"|"t":"Example"')
DOCUMENT = re.compile(
    r'(?P<head>\{"pandoc-api-version":\[[\d,]+\],"meta":(?P<meta>\{.*?\}),"blocks":\[)(?P<blocks>.*)\]\}\s*',
    re.DOTALL,
)
IDENTIFIER = re.compile(r'"t":"Header","c":\[\d,\["([^"]+)"')
CITATION = re.compile(r'"citationNoteNum":(\d+)')


def read(source: Path, folder: Path, version: str, convert: Read) -> Path:
    """The document in `source` as pandoc's JSON, in a file of `folder`.

    Args:
        version: what the JSON depends on besides the text: pandoc's version and options.
        convert: reads markdown, a piece or the whole.

    Raises ColophonError where pandoc can't read the whole.
    """
    text = source.read_text(encoding="utf-8")
    found = kept(folder, version, text)
    if not found:
        parts = gathered(pieces(text))
        made = joined(parts, folder, version, convert) if len(parts) > 1 else None
        found = keep(folder, version, text, made or convert(text))
        drop_others(folder, [found, *(kept(folder, version, part) for part in parts)])
    return found


def joined(parts: list[str], folder: Path, version: str, convert: Read) -> bytes | None:
    """The document from its parts, converted unless kept in `folder`; None where that isn't the same."""

    def read_one(piece: str) -> str:
        file = kept(folder, version, piece) or keep(folder, version, piece, convert(piece))
        return file.read_text(encoding="utf-8")

    if len(set(parts)) < len(parts):
        return None
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            made = dict(pool.map(lambda part: (part, read_one(part)), sorted(parts, key=len, reverse=True)))
        except ColophonError:  # the whole will tell on which line
            return None
    read = [made[part] for part in parts]
    labels = Counter(chain.from_iterable(map(IDENTIFIER.findall, read)))
    found = [whole for one in numbered(read) if (whole := DOCUMENT.fullmatch(one))]
    if (
        not found
        or len(found) < len(read)
        or max(labels.values(), default=0) > 1  # pandoc counts up the labels of like headings
        or any(one["meta"] != "{}" for one in found[1:])
        or any(map(LEFT_OVER.search, read))
    ):
        return None
    blocks = ",".join(one["blocks"] for one in found if one["blocks"])
    return f"{found[0]['head']}{blocks}]}}".encode()


def numbered(read: list[str]) -> Iterator[str]:
    """The pieces with their citations counted through, which those of a style with footnotes need."""
    before = 0
    for one in read:
        yield CITATION.sub(lambda found: f'"citationNoteNum":{before + int(found[1])}', one)  # noqa: B023
        before += max(map(int, CITATION.findall(one)), default=0)


def pieces(text: str) -> list[str]:
    """The front matter with what comes first, then each section; empty where one may need another."""
    head, body = front_matter(text)
    found, prose = [[head]], [[""]]
    fence, blank, depth = "", True, 0
    for line in re.split(r"(?<=\n)", body):
        mark = FENCE.match(line)
        if fence:
            closes = mark and mark[1].startswith(fence) and not line[mark.end() :].strip()
            fence = "" if closes else fence
        elif mark:
            fence = mark[1]
        else:
            if div := DIV.match(line):
                depth += 1 if div[1] else -1
            if blank and not depth and SECTION.match(line):
                found.append([])
                prose.append([])
            prose[-1].append(line)
        found[-1].append(line)
        blank = not line.strip(" \t\n")
    every = "".join(chain.from_iterable(prose))
    headings = [heading.casefold() for heading in HEADING.findall(every)]
    alike = len(set(headings)) < len(headings)  # `[Heading]` is a link to the first one of the whole
    if fence or alike or SHARED.search(body) or not all(is_closed("".join(lines)) for lines in prose):
        return []
    return ["".join(lines) for lines in found]


def gathered(parts: list[str]) -> list[str]:
    """Neighbours together until they are worth a start of pandoc."""
    found: list[str] = []
    for part in parts:
        if found and len(found[-1]) < WORTH:
            found[-1] += part
        else:
            found.append(part)
    return found


def front_matter(text: str) -> tuple[str, str]:
    end = text.find("\n---\n", 3) if text.startswith("---\n") else -1
    return (text[: end + 5], text[end + 5 :]) if end >= 0 else ("", text)


def is_closed(prose: str) -> bool:
    """Whether what opens in a piece ends in it: divs, braces, LaTeX environments."""
    divs = [1 if found[1] else -1 for found in map(DIV.match, prose.split("\n")) if found]
    braces = [1 if one == "{" else -1 for one in re.findall(r"[{}]", prose)]
    environments = [1 if word == "begin" else -1 for word in re.findall(r"\\(begin|end)\s*\{", prose)]
    return all(map(is_even, (divs, braces, environments)))


def is_even(steps: list[int]) -> bool:
    """Whether steps into and out of something end outside, and nothing is left before it is entered."""
    return sum(steps) == 0 and all(depth >= 0 for depth in accumulate(steps))
