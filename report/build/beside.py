"""Files beside the code that a stage reads, such as a list of words: they count as its code does.

Python tells of each file that this process opens (PEP 578), also those that libraries open through it,
such as matplotlib's style sheets.
"""

import contextlib
import os
import sys
from pathlib import Path
from typing import Any

from report.build.content import sha256
from report.build.project import Project
from report.build.source import CODE_FOLDERS, is_code

_read: dict[str, str] = {}  # the sha256 of each, as it was when it was first opened, by absolute path
_watched: list[tuple[str, ...]] = []  # the folders; nothing is watched without them


def watch(project: Project) -> None:
    """Note from now on which files this process reads below the code's folders; forget earlier ones."""
    if not _watched:
        sys.addaudithook(note)  # which can't be removed
    _watched[:] = [tuple(f"{project.root / folder}{os.sep}" for folder in CODE_FOLDERS)]
    _read.clear()


def note(event: str, arguments: tuple[Any, ...]) -> None:
    """What Python calls. An error in here would be one of the code that opens the file."""
    if event != "open":
        return
    name, flags = arguments[0], arguments[-1]
    if not isinstance(name, str | bytes | os.PathLike) or (flags or 0) & os.O_ACCMODE != os.O_RDONLY:
        return
    path = os.path.abspath(os.fsdecode(name))  # noqa: PTH100  # quick, since many files are opened
    if path.startswith(_watched[0]) and path not in _read and not is_code(path):
        _read[path] = ""  # what follows opens it, too
        with contextlib.suppress(OSError, ValueError):
            _read[path] = sha256(Path(path).read_bytes())
        if not _read[path]:  # a folder, or nothing yet
            del _read[path]


def files_read(project: Project) -> dict[str, str]:
    """The sha256 of each file beside the code that was read since `watch`, by path."""
    return {project.relative(Path(path)): hashed for path, hashed in sorted(_read.items())}


def files_beside(project: Project) -> dict[str, str]:
    """The sha256 of each file beside the code, read or not, by path; hidden ones left out."""
    found = (
        Path(folder, name)
        for code in CODE_FOLDERS
        for folder, _, names in os.walk(project.root / code)
        for name in names
        if not is_code(name) and not name.startswith(".")
    )
    return {project.relative(path): sha256(path.read_bytes()) for path in sorted(found) if path.is_file()}
