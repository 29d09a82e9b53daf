"""A document's packages as a LaTeX format, which is loaded in the place of reading them in every pass.

Reading them takes a third of a pass over a hundred pages. The format is made of what pandoc and our theme
ask for, up to a line at the theme's end, and made anew when that or a file it was read from differs. What
an author asks for, `animate` and hyperref come after it, since not every package bears a format. The PDF
is the same to the byte; what fails with it is compiled without it.
"""

import json
import re
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

from report.build.content import write_json, write_whole
from report.render.tools import Job, run_tool

BORDER = re.compile(r"^% A format holds what stands above this line: .*$", re.MULTILINE)
# A format forgets whether text may run from right to left, which babel asks for, and the colour that xcolor
# begins a document with.
KEEP_STATE = "\\edef\\colophonstate{\\the\\TeXXeTstate}\n\\dump\n"
RESTORE_STATE = "\\TeXXeTstate=\\colophonstate\\pdfcolorstack0 current"
NAME = "preamble"


def prepare(job: Job, document: Path) -> Path | None:
    """Make the format of `document`, LaTeX with a comment in its first line, unless it is there.

    Gives the file with what is not in the format, relative to the source's folder; None where LaTeX can't
    make the format, or the document has no border.
    """
    comment, _, text = document.read_text(encoding="utf-8").partition("\n")
    border = BORDER.search(text)
    if border is None:
        return None
    folder = document.parent
    record = folder / f"{NAME}.json"
    key = sha256(text[: border.start()].encode()).hexdigest()
    if not is_fresh(record, key) and not make(job, record, text[: border.start()], key):
        return None
    body = folder / "body.tex"
    lines = f"{comment}\n{RESTORE_STATE} % {key}\n{text[border.start() :]}"
    if not body.exists() or body.read_text(encoding="utf-8") != lines:
        body.write_text(lines, encoding="utf-8")
    return body.relative_to(job.source.parent)


def is_fresh(record: Path, key: str) -> bool:
    """Whether the format beside `record` is as it was made, of this preamble and the present files."""
    try:
        made: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
        content = record.with_suffix(".fmt").read_bytes()
    except (OSError, ValueError):
        return False
    files: dict[str, list[int]] = made.get("files", {})
    return (
        made.get("key") == key
        and made.get("sha256") == sha256(content).hexdigest()
        and program() in files
        and all(state_of(Path(file)) == state for file, state in files.items())
    )


def make(job: Job, record: Path, text: str, key: str) -> bool:
    """Whether LaTeX made a format of the preamble `text`; notes in `record` what it read for that."""
    record.unlink(missing_ok=True)
    write_whole(record.with_suffix(".tex"), (text + KEEP_STATE).encode())
    folder = record.parent.relative_to(job.source.parent)
    outcome = run_tool(
        job,
        [
            "pdflatex",
            "-ini",
            "-no-shell-escape",
            "-interaction=nonstopmode",
            "-halt-on-error",
            "-recorder",
            f"-output-directory={folder}",
            "&pdflatex",
            folder / f"{NAME}.tex",
        ],
    )
    dumped = record.with_suffix(".fmt")
    if outcome.status != 0 or not dumped.exists():
        return False
    listed = record.with_suffix(".fls").read_text(encoding="utf-8", errors="replace")
    found = {job.source.parent / name for name in re.findall(r"^INPUT (.+)$", listed, re.MULTILINE)}
    read = [str(path) for path in sorted(found) if not path.is_relative_to(record.parent)]
    files = {file: state_of(Path(file)) for file in [program(), *read]}
    write_json(record, {"key": key, "sha256": sha256(dumped.read_bytes()).hexdigest(), "files": files})
    return True


def program() -> str:
    return shutil.which("pdflatex") or ""


def state_of(path: Path) -> list[int]:
    """What tells a file from another one at its place: size, and time of its last change in nanoseconds."""
    try:
        found = path.stat()
    except OSError:
        return []
    return [found.st_size, found.st_mtime_ns]
