"""Names and labels are data: they reach Markdown, HTML and LaTeX as they are, whatever signs are in them.

White space is collapsed everywhere, since a name is one line. In Markdown an apostrophe within a word is
printed as in the sentences around it.
"""

import re
from html import escape

SPECIAL = re.compile(r"""[\\`*_{}\[\]<>#|~^$@"'&]|-(?=-)|(?<=-)-|\.(?=[.\s])|(?<=\.)\.|^[-+:!%=]""")
APOSTROPHE = re.compile(r"(?<=[^\W\d_])'(?=[^\W\d_])")
LIST_MARK = re.compile(r"^(\(?\w+)([.)])(?=\s|$)")
IN_ATTRIBUTE = re.compile(r"""[\\"'`&|$<>{}\[\]*~^@#]""")
IN_LATEX = re.compile(r"""[\\{}$&#%_~^<>|`'\[\]]|-(?=-)|,(?=,)|[\u00a0\u202f\u2011\u2212]""")
LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    "[": "{[}",  # after a line's end it would open an option
    "]": "{]}",
    "-": "-{}",  # two would become a dash
    ",": ",{}",  # two would become a quotation mark
    "\u00a0": "~",
    "\u202f": r"\,",
    "\u2011": "-",
    "\u2212": r"\ensuremath{-}",
}


def markdown(text: str) -> str:
    """`text` so that pandoc's Markdown prints exactly it, in a line or in a table's cell; but PyTorch’s."""
    line = APOSTROPHE.sub("\u2019", " ".join(text.split()))
    return LIST_MARK.sub(r"\1\\\2", SPECIAL.sub(r"\\\g<0>", line))


def attribute(text: str) -> str:
    """`text` for a quoted attribute in pandoc's Markdown, `{title="…"}`, also inside a table's cell."""
    return IN_ATTRIBUTE.sub(r"\\\g<0>", " ".join(text.split()))


def latex(text: str) -> str:
    """`text` so that LaTeX prints exactly it, wherever text may stand; for pdfLaTeX and the others."""
    line = " ".join(re.split(r"[ \t\r\n\f\v]+", text.strip()))
    return IN_LATEX.sub(lambda found: LATEX.get(found[0], "\\" + found[0]), line)


def html(text: str) -> str:
    """`text` for HTML, as content or in a quoted attribute."""
    return escape(" ".join(text.split()))
