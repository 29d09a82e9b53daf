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

_written: set[str] = set()  # those that this process opened to write, by absolute path
_read: dict[str, str] = {}  # the sha256 of each, as it was when it was first opened, by absolute path
_watched: list[tuple[str, ...]] = []  # the folders; nothing is watched without them


def watch(project: Project) -> None:
    """Note from now on which files this process reads below the code's folders; forget earlier ones."""
    if not _watched:
        sys.addaudithook(note)  # which can't be removed
    _watched[:] = [tuple(f"{project.root / folder}{os.sep}" for folder in CODE_FOLDERS)]
    _read.clear()
    _written.clear()


def note(event: str, arguments: tuple[Any, ...]) -> None:
    """What Python calls. An error in here would be one of the code that opens the file."""
    if event != "open" or len(arguments) != 3:
        return
    name, _, flags = arguments
    if not isinstance(name, str | bytes | os.PathLike) or not isinstance(flags, int):
        return
    path = os.path.abspath(os.fsdecode(name))  # noqa: PTH100  # quick, since many files are opened
    below = next((path[len(folder) :] for folder in _watched[0] if path.startswith(folder)), "")
    if not below or is_cache(below):
        return
    if flags & os.O_ACCMODE != os.O_RDONLY:
        _written.add(path)
        return
    if path not in _read and path not in _written and not is_code(path):
        _read[path] = ""  # what follows opens it, too
        with contextlib.suppress(OSError, ValueError):
            _read[path] = sha256(Path(path).read_bytes())
        if not _read[path]:  # a folder, or nothing yet
            del _read[path]


def is_cache(below: str) -> bool:
    """Whether a file lies in a folder of caches, such as compiled functions, or in a hidden one."""
    return any(part == "__pycache__" or part.startswith(".") for part in Path(below).parts[:-1])


def files_read(project: Project) -> dict[str, str]:
    """The sha256 of each file beside the code that was read since `watch`, by path."""
    return {project.relative(Path(path)): hashed for path, hashed in sorted(_read.items())}
