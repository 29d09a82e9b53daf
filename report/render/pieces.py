"""Reads a document's markdown section by section, and keeps what pandoc made of each.

Reading is what takes pandoc longest, and both formats need the same: an edit reads its own section anew.
A document whose sections don't stand by themselves is read whole (`pieces` tells which).
"""

import json
import os
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from itertools import accumulate, chain
from pathlib import Path
from typing import Any

from report.build.content import write_whole

Read = Callable[[str], bytes]  # markdown to pandoc's JSON
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
HEADING = re.compile(r"#{1,6}[ \t]+(.*?)[ \t]*(?:#*[ \t]*\{[^{}]*\})?[ \t]*")
SECTION = re.compile(r"#{1,2}[ \t]")
DIV = re.compile(r" {0,3}:{3,}[ \t]*([^\s:])?")
TAG = re.compile(r"<(/?)([A-Za-z][\w-]*)(?=[\s/>])")
ALONE = {"area", "br", "col", "embed", "hr", "img", "input", "source", "track", "wbr"}  # need no end
SHARED = re.compile(  # what one section says for another: definitions, numbered examples, metadata, macros
    r"""^\ {0,3}\*?\[(?!@)[^\]\n]+\]: | \[\^[^\]\s^]+\]
    | ^[ \t>]*\(@(?!(?:sec|fig|tbl|eq)-)[\w-]*\)\s
    | (?:\A|\n[ \t]*\n)---[ \t]*\n(?=\S)
    | \\(?:re|provide)?newcommand | \\\w*newenvironment | \\def\b | \\let\b | \\DeclareMath""",
    re.MULTILINE | re.VERBOSE,
)
IDENTIFIER = re.compile(r'"t":"Header","c":\[\d,\["([^"]+)"')
NOTE_NUMBER = re.compile(r'"citationNoteNum":(\d+)')
ONE_AT_A_TIME = threading.Lock()


def read(source: Path, folder: Path, version: str, convert: Read) -> Path:
    """The document in `source` as pandoc's JSON, in a file of `folder`.

    Args:
        version: what the JSON depends on besides the text: pandoc's version and options.
        convert: reads markdown, a piece or the whole.
    """
    text = source.read_text(encoding="utf-8")
    with ONE_AT_A_TIME:  # the formats are rendered side by side
        whole = folder / f"{name_of(version, text)}.json"
        if not whole.is_file():
            write_whole(whole, joined(text, folder, version, convert) or convert(text))
            drop_others(
                folder, [whole, *(folder / f"{name_of(version, one)}.json" for one in pieces(text))]
            )
        return whole


def joined(text: str, folder: Path, version: str, convert: Read) -> bytes | None:
    """The document from its pieces, converted unless kept in `folder`; None where that isn't the same."""

    def kept(piece: str) -> bytes:
        path = folder / f"{name_of(version, piece)}.json"
        if not path.is_file():
            write_whole(path, convert(piece))
        return path.read_bytes()

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        read = [one.decode() for one in pool.map(kept, pieces(text))]
    labels = Counter(chain.from_iterable(map(IDENTIFIER.findall, read)))
    documents: list[dict[str, Any]] = [json.loads(one) for one in numbered(read)]
    if not documents or max(labels.values(), default=0) > 1 or any(one["meta"] for one in documents[1:]):
        return None  # pandoc counts up the labels of like headings
    blocks = list(chain.from_iterable(one["blocks"] for one in documents))
    return json.dumps(documents[0] | {"blocks": blocks}, ensure_ascii=False).encode()


def numbered(read: list[str]) -> Iterator[str]:
    """The pieces with their citations counted through, which those of a style with footnotes need."""
    before = 0
    for one in read:
        yield NOTE_NUMBER.sub(lambda found: f'"citationNoteNum":{before + int(found[1])}', one)  # noqa: B023
        if '{"t":"Note"' in one:
            before += counted(json.loads(one)["blocks"])
        else:
            before += max(map(int, NOTE_NUMBER.findall(one)), default=0)


def counted(tree: Any) -> int:
    """How far pandoc counts in a tree: each footnote and each citation outside of one is a step."""
    if isinstance(tree, dict):
        return 1 if tree.get("t") in ("Note", "Cite") else counted(tree.get("c"))
    return sum(map(counted, tree)) if isinstance(tree, list) else 0


def pieces(text: str) -> list[str]:
    """The front matter with what comes first, then each section; empty where one needs another."""
    head, body = front_matter(text)
    found, prose, titles = [[head]], [[""]], []
    fence, blank = "", True
    for line in body.splitlines(keepends=True):
        mark = FENCE.match(line)
        if fence:
            closes = mark and mark[1].startswith(fence) and not line[mark.end() :].strip()
            fence = "" if closes else fence
        elif mark:
            fence = mark[1]
        else:
            if blank and SECTION.match(line):
                found.append([])
                prose.append([])
            if title := HEADING.fullmatch(line.rstrip("\n")):
                titles.append(title[1])
            prose[-1].append(line)
        found[-1].append(line)
        blank = not line.strip()
    plain = "".join(chain.from_iterable(prose))
    named = any(f"[{title}]".lower() in plain.lower() for title in titles if title)
    if fence or named or SHARED.search(body) or not all(is_closed("".join(lines)) for lines in prose):
        return []
    return ["".join(lines) for lines in found]


def front_matter(text: str) -> tuple[str, str]:
    end = text.find("\n---\n", 3) if text.startswith("---\n") else -1
    return (text[: end + 5], text[end + 5 :]) if end >= 0 else ("", text)


def is_closed(prose: str) -> bool:
    """Whether what opens in a piece ends in it: divs, comments, HTML elements, LaTeX environments."""
    tags: dict[str, list[int]] = {}
    for slash, name in TAG.findall(prose):
        tags.setdefault(name.lower(), []).append(-1 if slash else 1)
    divs = [1 if found[1] else -1 for found in map(DIV.match, prose.splitlines()) if found]
    comments = [1 if mark == "<!--" else -1 for mark in re.findall("<!--|-->", prose)]
    environments = [1 if word == "begin" else -1 for word in re.findall(r"\\(begin|end)\{", prose)]
    elements = (steps for name, steps in tags.items() if name not in ALONE)
    return all(map(is_even, (divs, comments, environments, *elements)))


def is_even(steps: list[int]) -> bool:
    """Whether steps into and out of something end outside, and nothing is left before it is entered."""
    return sum(steps) == 0 and all(depth >= 0 for depth in accumulate(steps))


def name_of(version: str, text: str) -> str:
    return sha256(f"{version}\n{text}".encode()).hexdigest()


def drop_others(folder: Path, used: list[Path]) -> None:
    """Remove from `folder` what no piece of the present document needs."""
    for path in set(folder.glob("*.json")) - set(used):
        path.unlink(missing_ok=True)
