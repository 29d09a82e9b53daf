"""Holes in the document - labels, images, citations - and where in the source they are."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from report.errors import ColophonError
from report.render.tools import Job

REMEDIES = {
    "reference": "Give the thing meant a label ({#fig-…}, {#tbl-…}, {#eq-…}, {#sec-…}).",
    "duplicate": "Rename one of them; a label names one thing.",
    "image": "Draw the figure first, or mend its path (relative to the document's folder).",
    "resource": "Every file is put into the document; it must be there when it is rendered.",
    "citation": "Add the entry to the bibliography, or mend the key.",
    "animation": "Make it first (`make figures`), with figures/animation.py.",
    "panel": "Give each image a paragraph of its own inside the div.",
}
# An identifier with its classes, as they stand in pandoc's JSON and nothing else does.
ATTRIBUTES = re.compile(r'\["([^"]+)",\[(?:"(?:[^"\\]|\\.)*"(?:,"(?:[^"\\]|\\.)*")*)?\],\[')
NOUNS = {
    "reference": "unresolved reference @",
    "duplicate": "duplicate label ",
    "image": "missing image ",
    "resource": "missing file ",
    "citation": "missing citation @",
    "animation": "animation ",
    "panel": "figure panel ",
}


@dataclass(frozen=True)
class Problem:
    """One hole: its kind (a key of REMEDIES), the label, key or path, and what is wrong."""

    kind: str
    name: str
    message: str


def parse_filter_report(text: str) -> list[Problem]:
    """The lines `colophon <kind> <label> <message>` that the filters print, tab-separated."""
    fields = [line.split("\t") for line in text.splitlines() if line.startswith("colophon\t")]
    return list(dict.fromkeys(Problem(*field[1:4]) for field in fields if len(field) == 4))


def repeated_labels(read: str) -> list[Problem]:
    """Labels given twice in pandoc's JSON; headings' own ones are counted up by pandoc."""
    count = Counter(ATTRIBUTES.findall(read))
    return [
        Problem("duplicate", json.loads(f'"{label}"'), "the label is given twice")
        for label, times in count.items()
        if times > 1
    ]


def lines_of(source: Path, name: str) -> list[int]:
    """The lines (from 1) of `source` that mention `name` as a whole word, outside code blocks."""
    word = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
    found, fence = [], ""
    for number, line in enumerate(source.read_text(encoding="utf-8").splitlines(), start=1):
        mark = re.match(r"\s*(```+|~~~+)", line)
        if mark and (not fence or line.strip().startswith(fence)):
            fence = "" if fence else mark[1]
        elif not fence and word.search(line):
            found.append(number)
    return found


def describe(source: Path, problem: Problem) -> str:
    """`report.qmd, line 12: unresolved reference @fig-x: …`."""
    lines = lines_of(source, problem.name)
    if not lines and "." in problem.name:
        lines = lines_of(source, problem.name.rsplit(".", 1)[0])
    where = source.name
    if lines:
        where += f", line{'s' if len(lines) > 1 else ''} " + ", ".join(map(str, lines))
    return f"{where}: {NOUNS[problem.kind]}{problem.name}: {problem.message}"


def raise_first(job: Job, problems: list[Problem]) -> None:
    """Raises a ColophonError that lists all problems, if there are any."""
    if not problems:
        return
    described = "\n".join(dict.fromkeys(describe(job.source, problem) for problem in problems))
    remedies = dict.fromkeys(REMEDIES[problem.kind] for problem in problems)
    raise ColophonError(described, "\n  ".join([*remedies, f"Source: {job.source}; log: {job.log}"]))
