"""What a stage reads from the code's folders besides the modules that it imports: it counts as code does.

Files, such as a list of words; Python that is run or read by its path; the names in a folder that is
listed; scripts that are started as processes. Python tells of each (PEP 578), also of those that libraries
open through it, such as matplotlib's style sheets. What the stage writes there itself does not count.
Results are read by name, from those that a stage needs.
"""

import contextlib
import itertools
import os
import shlex
import stat
import sys
from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path
from typing import Any, NamedTuple

from report.build.content import Content
from report.build.project import Project
from report.build.source import CODE_FOLDERS, closure, is_cache, listing_hash, module_hash, source_hash
from report.errors import ColophonError

IMPORTS = "importlib._bootstrap_external"  # Python's module that loads those that are imported
PLACES = tuple(f"{place}{os.sep}" for place in ("stages", "figures", "animations"))
THROUGH = (__name__, "pathlib", "pathlib._local", "pathlib._abc")  # which open and list for their callers


class Watched(NamedTuple):
    """The project, what its hashes are taken with, and its folders of code and of results."""

    project: Project
    content: Content
    code: tuple[str, ...]
    build: str


_watched: list[Watched] = []  # one, or none yet
_written: set[str] = set()  # those that this process opened to write or made, by absolute path
_read: dict[str, bytes] = {}  # of each file, by absolute path, as first opened: Python, or else its hash
_listed: dict[str, str] = {}  # the hash of each folder's names, as it was first listed, by absolute path
_started: dict[str, str] = {}  # what runs in a process of its own, as it was started, by path
_results: set[str] = set()  # files of results, by absolute path


def watch(project: Project, content: Content) -> None:
    """Note from now on what this process reads below the code's folders; forget what it did before."""
    first = not _watched
    code = tuple(f"{project.root / folder}{os.sep}" for folder in CODE_FOLDERS)
    _watched[:] = [Watched(project, content, code, f"{project.build}{os.sep}")]
    for known in (_read, _written, _listed, _started, _results):
        known.clear()
    if first:
        sys.addaudithook(note)  # which can't be removed


def note(event: str, arguments: tuple[Any, ...]) -> None:
    """What Python calls. An error in here would be one of the code that opens the file."""
    if event == "open" and len(arguments) == 3:
        name, _, flags = arguments
        path = absolute(name)
        if isinstance(flags, int) and is_code(path):
            opened(path, flags & os.O_ACCMODE != os.O_RDONLY)
        elif is_result(path) and not called_by("report."):
            _results.add(path)
    elif event in ("os.listdir", "os.scandir"):
        path = absolute("." if arguments[0] is None else arguments[0])
        if is_code(f"{path}{os.sep}"):
            listed(path)
    elif event == "os.mkdir":
        _written.add(absolute(arguments[0]))
    elif event == "os.rename":
        _written.add(absolute(arguments[1]))
    elif event == "subprocess.Popen":
        for path in started(arguments[1], arguments[2]):
            hold(path)


def absolute(name: object) -> str:
    """The path of what is called `name`; empty for a number, or where there is no folder to start from."""
    if not isinstance(name, str | bytes | os.PathLike):
        return ""
    with contextlib.suppress(OSError):
        return os.path.abspath(os.fsdecode(name))  # noqa: PTH100  # quick, as many are opened
    return ""


def is_code(path: str) -> bool:
    """Whether it lies below the code's folders and in no cache."""
    below = next((path[len(code) :] for code in _watched[0].code if path.startswith(code)), None)
    return below is not None and not any(map(is_cache, below.split(os.sep)[:-1]))  # noqa: PTH206


def is_result(path: str) -> bool:
    """Whether it is a file of a result that is in place."""
    build = _watched[0].build
    return path.startswith(build) and path[len(build) :].startswith(PLACES)


def opened(path: str, to_write: bool) -> None:
    """Keep what a file holds when it is read first, unless this process wrote it."""
    if to_write:
        _written.add(path)
    elif not (path in _read or path in _written or path.endswith(".pyc") or called_by("report.")):
        _read[path] = b""  # what follows opens it, too
        try:
            if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116  # a pipe would be drained
                raise ValueError
            with Path(path).open("rb") as file:
                python = path.endswith(".py")
                _read[path] = file.read() if python else file_digest(file, "sha256").hexdigest().encode()
        except (OSError, ValueError):  # a folder, or nothing yet
            _read.pop(path, None)


def listed(path: str) -> None:
    """Keep which names a folder holds when it is listed first, unless it is Python's import that looks."""
    if path not in _listed and not called_by(IMPORTS, "report."):
        _listed[path] = ""  # what follows lists it, too
        try:
            _listed[path] = listing_hash(path)
        except OSError:
            _listed.pop(path, None)


def called_by(*names: str) -> bool:
    """Whether the code that opens or lists is in one of these modules."""
    frame = sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__") in THROUGH:
        frame = frame.f_back
    return (frame.f_globals.get("__name__") or "").startswith(names)


def started(words: object, folder: object) -> Iterator[str]:
    """The files of code that a command, or a shell's, names by their path, or as modules after `-m`."""
    several = words if isinstance(words, list | tuple) else [words]
    command = [os.fsdecode(word) for word in several if isinstance(word, str | bytes | os.PathLike)]
    if command[1:2] == ["-c"] and len(command) > 2:
        lexer = shlex.shlex(command[2], posix=True, punctuation_chars=True)
        lexer.whitespace_split, lexer.commenters = True, ""
        with contextlib.suppress(ValueError):  # an open quote
            command = list(lexer)
    start = os.fsdecode(folder) if isinstance(folder, str | bytes | os.PathLike) else ""
    for before, word in itertools.pairwise(["", *command]):
        stem = word.replace(".", os.sep)
        module = (f"{stem}.py", f"{stem}/__init__.py", f"{stem}/__main__.py")
        for name in module if before == "-m" else (word,):
            path = absolute(os.path.join(start, name)) if "\0" not in name else ""  # noqa: PTH118
            if is_code(path) and os.path.isfile(path):  # noqa: PTH113
                yield path


def hold(path: str) -> None:
    """Keep the hash of what is started; of Python also of what its imports name of the code's folders."""
    project, content, _, _ = _watched[0]
    name = project.relative(Path(path))
    with contextlib.suppress(ColophonError, OSError):  # what can't be parsed does not run either
        found = closure(project, content, name) if path.endswith(".py") else {}
        for part, hashed in (found or {name: module_hash(project, content, name)}).items():
            _started.setdefault(part, hashed)


def files_read(project: Project, content: Content) -> dict[str, str]:
    """What was read since `watch`: by path, as `source.module_hash` tells it; folders end in a slash.

    Raises ColophonError for a name that is no UTF-8.
    """
    written = set(_written)
    changed = {os.path.dirname(path) for path in written}  # noqa: PTH120
    found = dict(_started)
    for path, held in list(_read.items()):
        name = project.relative(Path(path))
        with contextlib.suppress(ColophonError):  # read, not run: no Python that can be parsed
            if path not in written:
                found[name] = source_hash(content, name, held) if path.endswith(".py") else held.decode()
    for path, hashed in list(_listed.items()):
        if path not in changed and path not in written:
            found[f"{project.relative(Path(path))}/"] = hashed
    for name in found:
        try:
            name.encode()
        except UnicodeEncodeError:
            problem = f"{name!a} counts as code, but its name is no UTF-8"
            raise ColophonError(problem, "Rename it.") from None
    return dict(sorted(found.items()))


def results_read(project: Project) -> list[str]:
    """The files of results that were opened since `watch`."""
    return sorted(project.relative(Path(path)) for path in list(_results))
