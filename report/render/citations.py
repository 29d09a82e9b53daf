"""Sets a document's citations once for both formats, and keeps them until one of them is edited.

Pandoc's citeproc reads the bibliography and looks through the whole document each time, a fourth of what a
page takes. Here it is given the citations alone, and what it made of them is put in their places. That is
the same for its own style, in which what stands around a citation says nothing; other styles are left
to `--citeproc`.
"""

import json
import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from report.render.kept import drop_others, keep, kept

Element = dict[str, Any]
Cite = Callable[[str], bytes | None]  # pandoc's JSON, in and out; None where one is missing
LABEL = re.compile(r"(fig|tbl|eq|sec)-.", re.IGNORECASE)  # what crossref.lua resolves
PLACE = re.compile(r'\{"t":"(?:Cite"|Div","c":\[\["refs")')
DECODE = json.JSONDecoder().raw_decode
STYLE = ("csl", "citation-style", "citation-abbreviations", "nocite", "references")


def settle(document: Path, folder: Path, version: str, cite: Cite) -> Path | None:
    """The document, pandoc's JSON in a file, with its citations and its list of references set.

    Args:
        folder: where citations are kept, and the file that is returned lies.
        version: what they depend on besides themselves and the bibliography.

    Returns None where citations are missing, or can't be set alone.
    """
    text = document.read_text(encoding="utf-8")
    places = list(find(text))
    elements = [element for _, _, element in places]
    meta, end = DECODE(text, text.index('"meta":') + len('"meta":'))
    books = bibliography(meta, document.parent.parent)
    if books is None or sum(one["t"] == "Div" for one in elements) != 1:
        return None
    blocks = [one if one["t"] == "Div" else {"t": "Para", "c": [one]} for one in elements]
    alone = f'{text[:end]},"blocks":{json.dumps(blocks, ensure_ascii=False)}}}'
    version = f"{version} {books}"
    file = kept(folder, version, alone)
    if not file:
        made = cite(alone)
        if made is None:
            return None
        file = keep(folder, version, alone, made)
    finished = put(text, places, json.loads(file.read_bytes())["blocks"])
    if finished is None:
        return None
    target = kept(folder, version, finished) or keep(folder, version, finished, finished.encode())
    drop_others(folder, [file, target])
    return target


def find(text: str) -> Iterator[tuple[int, int, Element]]:
    """Begin and end of each citation of a work, and of the list of references, in pandoc's JSON."""
    end = 0
    for found in PLACE.finditer(text):
        if found.start() >= end:  # else it stands in another
            element, after = DECODE(text, found.start())
            if element["t"] == "Div" or not any(LABEL.match(one["citationId"]) for one in element["c"][0]):
                end = after
                yield found.start(), end, element


def put(text: str, places: list[tuple[int, int, Element]], blocks: list[Element]) -> str | None:
    """The document with `blocks` in these places; None where they don't match."""
    if [one["t"] for one in blocks] != ["Div" if one["t"] == "Div" else "Para" for _, _, one in places]:
        return None
    parts, end = [], 0
    for (begin, after, element), block in zip(places, blocks, strict=True):
        made = [block] if element["t"] == "Div" else block["c"]
        inner = json.dumps(made, ensure_ascii=False, separators=(",", ":"))[1:-1]
        parts += [text[end:begin], inner]
        end = after
    return "".join([*parts, text[end:]])


def bibliography(meta: Element, folder: Path) -> str | None:
    """A hash of the bibliography's files; None where the metadata ask for more than files."""
    entry = meta.get("bibliography")
    if entry is None or any(name in meta for name in STYLE):
        return None
    try:
        names = [plain(one) for one in (entry["c"] if entry["t"] == "MetaList" else [entry])]
        files = [(folder / name).read_bytes() for name in names]
    except (OSError, ValueError):  # pandoc will say so
        return None
    return " ".join(sha256(file).hexdigest() for file in files)


def plain(entry: Element) -> str:
    """A name in the metadata as a text. Raises ValueError for what is none."""
    if entry["t"] == "MetaString":
        return entry["c"]
    if entry["t"] != "MetaInlines" or any(
        one["t"] not in ("Str", "Space", "SoftBreak") for one in entry["c"]
    ):
        raise ValueError(entry)
    return "".join(one.get("c", " ") for one in entry["c"])
