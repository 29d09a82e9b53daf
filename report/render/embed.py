"""Puts the pictures and videos that a page shows into the page.

Pandoc does so too (`--embed-resources`), but takes the page apart and puts it together again for it, which
takes as long as writing it. What its HTML writer and our filters write is plain: an address in quotes.
"""

import base64
import html
import mimetypes
import re
from pathlib import Path
from urllib.parse import unquote

from report.render.problems import Problem

SHOWN = re.compile(r"<(?:img|video|audio|source|track|embed)\s[^>]*>")
ATTRIBUTE = re.compile(r'([\w:-]+)="([^"]*)"')
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
# What an author's own HTML or style sheet asks for can be anything: pandoc looks for it.
FOREIGN = re.compile(
    r'"t":"Raw(?:Block|Inline)","c":\["(?!tex"|latex")|"css":|"inline-svg"'
    r'|\["(?:src|srcset|poster|external|data-src|data-background-image)","'
)
TYPES = mimetypes.MimeTypes()  # Python's own table: the same on every machine


def is_ours(read: str) -> bool:
    """Whether a document, as pandoc's JSON, asks for no more than pictures and videos."""
    return not FOREIGN.search(read)


def embed(page: Path, folder: Path) -> list[Problem]:
    """Replace the addresses of files in `page`, relative to `folder`, by what is in them.

    Returns what can't be embedded: files that can't be read, addresses elsewhere; the page then stays.
    """
    problems: list[Problem] = []

    def replace(found: re.Match[str]) -> str:
        address = html.unescape(found[2])
        if found[1] not in ("src", "poster") or address.startswith("data:"):
            return found[0]
        try:
            return f'{found[1]}="{data_of(folder / unquote(address))}"'
        except (OSError, ValueError) as error:  # a name with a zero byte is no value of one
            why = getattr(error, "strerror", None) or str(error)
            why = "it is not in the project, put it there" if SCHEME.match(address) else why
            problems.append(Problem("resource", address, why))
            return found[0]

    text = page.read_text(encoding="utf-8")
    text = SHOWN.sub(lambda element: ATTRIBUTE.sub(replace, element[0]), text)
    if not problems:
        page.write_text(text, encoding="utf-8")
    return problems


def data_of(file: Path) -> str:
    """The file as an address (RFC 2397). Raises OSError where it can't be read."""
    kind = TYPES.guess_type(file.name, strict=False)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(file.read_bytes()).decode('ascii')}"
