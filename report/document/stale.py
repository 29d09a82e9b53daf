"""Marks in a document what rests on stale results: a notice in front, a word in each caption."""

import re
from collections.abc import Collection, Mapping

from report.document.escape import markdown
from report.document.marks import opening
from report.document.regions import regions

DRAWN = ("figures/", "animations/")
WORD = "**Stale.**"
PICTURE = re.compile(r"\]\(\.\./((?:figures|animations)/[^)\s]+)\)")


def notice(stale: Mapping[str, str]) -> str:
    """What stands in front of a document with stale results; empty where there are none.

    Args:
        stale: by the id of each task why its result is stale.
    """
    if not stale:
        return ""
    stages = {task_id: why for task_id, why in stale.items() if not task_id.startswith(DRAWN)}
    lines = [f"- {markdown(task_id)}: {markdown(why)}" for task_id, why in stages.items()]
    return "\n".join(
        [
            '::: {.callout-warning title="Some results are stale"}',
            "This document was built without running anything. These results are not known to be what the",
            "present code, settings and data give. Each table and each figure that rests on one of them",
            f"says so in its caption: {WORD}",
            "",
            *lines,
            ":::",
        ]
    )


def mark_pictures(text: str, stale: Collection[str]) -> str:
    """The Markdown `text` with the captions marked of the pictures that were drawn from stale results."""
    drawn = [task_id for task_id in stale if task_id.startswith(DRAWN)]
    places = []
    for region in regions(text) if drawn else ():
        found = PICTURE.match(text, region.start) if region.kind == "target" else None
        if found and any(found[1].startswith(f"{task_id}/") for task_id in drawn):
            begin = opening(text, region.start)
            if begin is not None and text.endswith("!", 0, begin):
                places.append(begin + 1)
    for place in reversed(places):
        space = "" if text[place] == "]" else " "
        text = f"{text[:place]}{WORD}{space}{text[place:]}"
    return text
