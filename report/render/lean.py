"""A document, as pandoc's JSON, with the same text in fewer elements: pandoc is quicker by a half.

Pandoc takes a text apart into words and the spaces between them. Its writers take words joined to a line as
well, but for boxes of task lists and for links that say their address. Citeproc doesn't: this is for
documents whose citations are set.
"""

import json
import re
from urllib.parse import unquote

# What read.lua leaves for LaTeX alone, with a comma: other writers would tell of each that they skip it.
LATEX_ALONE = r'\{"t":"RawInline","c":\["latex","(?:\\\\boundvalue\{|\}|\\\\discretionary\{\}\{\}\{\})"\]\}'
FOR_LATEX = re.compile(f",{LATEX_ALONE}|{LATEX_ALONE},?")
NO_WORD = r'(?<!\{"t":"LineBreak)(?<!\{"t":"Space)(?<!\{"t":"SoftBreak)(?<!"c":"☐)(?<!"c":"☒)'
BETWEEN = re.compile(NO_WORD + r'"\},(?:\{"t":"(Space|SoftBreak)"\},)?\{"t":"Str","c":"')
STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
LINK = re.compile(rf'\[\{{"t":"Str","c":({STRING})\}}\],\[({STRING})')
WORD = re.compile(r'[^"\\]*(?:\\.[^"\\]*)*')
LINE = 4_000  # characters, behind which a longer one is broken: TeX reads lines of 200,000


def for_latex(text: str) -> str:
    """The document with its words joined to lines."""
    begin = end = 0

    def joined(found: re.Match[str]) -> str:
        nonlocal begin, end
        if not WORD.fullmatch(text, end, found.start()):
            begin = found.start()  # the first words of a line
        end = found.end()
        if found[1] == "SoftBreak" or (found[1] and end - begin > LINE):
            begin = end
            return r"\n"
        return " " if found[1] else ""

    return LINK.sub(parted, BETWEEN.sub(joined, text))


def parted(link: re.Match[str]) -> str:
    """A link in two words if its text is its address: as one it would be written in another way."""
    words, address = json.loads(link[1]), unquote(json.loads(link[2]))
    if " " not in words or address.removeprefix("mailto:") != words:
        return link[0]
    first, rest = (json.dumps(part, ensure_ascii=False) for part in words.split(" ", 1))
    return f'[{{"t":"Str","c":{first}}},{{"t":"Space"}},{{"t":"Str","c":{rest}}}],[{link[2]}'


def for_html(text: str) -> str:
    """The same without what LaTeX alone shows."""
    return for_latex(FOR_LATEX.sub("", text))
