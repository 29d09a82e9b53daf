"""Names and labels are data: they reach Markdown as they are, whatever signs are in them."""

import re

SPECIAL = re.compile(r"""[\\`*_{}\[\]<>#|~^$@"'&]|-(?=-)|(?<=-)-|\.(?=[.\s])|(?<=\.)\.|^[-+:!%=]""")
LIST_MARK = re.compile(r"^(\(?\w+)([.)])(?=\s|$)")


def markdown(text: str) -> str:
    """`text` so that pandoc's Markdown prints exactly it, in a line or in a table's cell."""
    return LIST_MARK.sub(r"\1\\\2", SPECIAL.sub(r"\\\g<0>", " ".join(text.split())))
