"""What a stage reads from the project's folder besides the modules that it imports: it counts as code does.

Files, such as a list of words; Python that is run or read by its path; the names in a folder that is
listed; Python that is started as a process. Python tells of each (PEP 578), also of those that libraries
open through it, such as matplotlib's style sheets. Results are read by name, from those that a stage needs.
"""

import contextlib
import itertools
import os
import shlex
import sys
from collections.abc import Iterator
from hashlib import file_digest
from pathlib import Path
from typing import Any

from report.build.content import Content
from report.build.project import ENGINE, Project
from report.build.source import closure, is_cache, listing_hash, source_hash
from report.errors import ColophonError

IMPORTS = "importlib._bootstrap_external"  # Python's module that reads those that are imported
PLACES = tuple(f"{place}{os.sep}" for place in ("stages", "figures", "animations"))
THROUGH = (__name__, "pathlib", "pathlib._local")  # which open and list for whoever calls them

_written: set[str] = set()  # those that this process opened to write, by absolute path
_read: dict[str, bytes] = {}  # of each file, by absolute path, as first opened: Python, or else its hash
_listed: dict[str, str] = {}  # the hash of each folder's names, as it was first listed, by absolute path
_started: set[str] = set()  # Python that runs in a process of its own, by absolute path
_results: set[str] = set()  # files of results, by absolute path
_watched: list[tuple[str, str, tuple[str, ...]]] = []  # root, results and what is skipped; or nothing yet


def watch(project: Project) -> None:
    """Note from now on what this process reads below the project's folder; forget what it did before."""
    if not _watched:
        sys.addaudithook(note)  # which can't be removed
    _watched[:] = [(f"{project.root}{os.sep}", f"{project.build}{os.sep}", foreign(project))]
    for known in (_read, _written, _listed, _started, _results):
        known.clear()


def foreign(project: Project) -> tuple[str, ...]:
    """What may lie below the project's folder and is no code of it, each with a separator at its end."""
    folders = [ENGINE / "report", Path(sys.prefix), Path(sys.base_prefix), Path(sys.base_exec_prefix)]
    folders += [project.build.parent, project.data_dir, project.torch_home]  # made, or data
    return tuple(f"{os.path.abspath(folder)}{os.sep}" for folder in folders)  # noqa: PTH100  # no `..`


def note(event: str, arguments: tuple[Any, ...]) -> None:
    """What Python calls. An error in here would be one of the code that opens the file."""
    if event == "open" and len(arguments) == 3:
        name, _, flags = arguments
        if isinstance(flags, int) and (path := below(name)):
            opened(path, flags & os.O_ACCMODE != os.O_RDONLY)
        elif isinstance(name, str | bytes | os.PathLike) and is_result(os.fsdecode(name)) and not is_ours():
            _results.add(os.path.abspath(os.fsdecode(name)))  # noqa: PTH100
    elif event in ("os.listdir", "os.scandir"):
        if path := below("." if arguments[0] is None else arguments[0], os.sep):
            listed(path)
    elif event == "subprocess.Popen":
        _started.update(scripts(arguments[1], arguments[2]))


def below(name: object, end: str = "") -> str:
    """The absolute path of what is called `name`, if it lies below the project's folder and in no cache."""
    if not isinstance(name, str | bytes | os.PathLike):
        return ""  # a file's or a folder's number
    path = os.path.abspath(os.fsdecode(name)) + end  # noqa: PTH100  # quick, as many are opened
    root, _, skipped = _watched[0]
    if not path.startswith(root) or path == root or path.startswith(skipped):
        return ""
    return "" if any(map(is_cache, path[len(root) :].split(os.sep)[:-1])) else path  # noqa: PTH206


def is_result(name: str) -> bool:
    """Whether it is a file of a result that is in place."""
    path = os.path.abspath(name)  # noqa: PTH100
    build = _watched[0][1]
    return path.startswith(build) and path[len(build) :].startswith(PLACES)


def opened(path: str, to_write: bool) -> None:
    """Keep what a file holds when it is read first, unless this process wrote it or imports it."""
    if to_write:
        _written.add(path)
    elif not (path in _read or path in _written or path.endswith(".pyc") or is_ours()):
        _read[path] = b""  # what follows opens it, too
        try:
            with Path(path).open("rb") as file:
                python = path.endswith(".py")
                _read[path] = file.read() if python else file_digest(file, "sha256").hexdigest().encode()
        except (OSError, ValueError):  # a folder, or nothing yet
            del _read[path]


def listed(path: str) -> None:
    """Keep which names a folder holds when it is listed first."""
    if path not in _listed and not is_ours():
        _listed[path] = ""  # what follows lists it, too
        with contextlib.suppress(OSError):
            _listed[path] = listing_hash(path)
        if not _listed[path]:
            del _listed[path]


def is_ours() -> bool:
    """Whether it is the engine that reads, or Python's import, whose modules are hashed as loaded."""
    frame = sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__") in THROUGH:
        frame = frame.f_back
    name = frame.f_globals.get("__name__") or ""
    return name == IMPORTS or name.startswith("report.")


def scripts(words: object, folder: object) -> Iterator[str]:
    """The project's Python that a command, or a shell's, starts by its path or by its name after `-m`."""
    several = words if isinstance(words, list | tuple) else [words]
    command = [os.fsdecode(word) for word in several if isinstance(word, str | bytes | os.PathLike)]
    if command[1:2] == ["-c"]:
        lexer = shlex.shlex(command[-1], posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        with contextlib.suppress(ValueError):  # an open quote
            command = list(lexer)
    start = os.fsdecode(folder) if isinstance(folder, str | bytes | os.PathLike) else ""
    for before, word in itertools.pairwise(["", *command]):
        stem = word.replace(".", os.sep)
        module = (f"{stem}.py", f"{stem}/__init__.py", f"{stem}/__main__.py")
        for name in module if before == "-m" else (word,):
            path = below(os.path.join(start, name)) if "\0" not in name else ""  # noqa: PTH118
            if path.endswith(".py") and os.path.isfile(path):  # noqa: PTH113
                yield path


def files_read(project: Project, content: Content) -> dict[str, str]:
    """What was read since `watch`: by path, as `source.module_hash` tells it; folders end in a slash.

    Of Python that runs in a process of its own also what it names in its imports. Raises ColophonError for
    a name that is no UTF-8, and for Python that can't be parsed.
    """
    found = {}
    for path, held in _read.items():
        if path in _written:
            continue
        name = project.relative(Path(path))
        found[name] = source_hash(content, name, held) if path.endswith(".py") else held.decode()
    for path, hashed in _listed.items():
        found[f"{project.relative(Path(path))}/"] = hashed
    for path in _started:
        found |= closure(project, content, project.relative(Path(path)))
    for name in found:
        try:
            name.encode()
        except UnicodeEncodeError:
            raise ColophonError(
                f"{name!a} counts as code, but its name is no UTF-8", "Rename it."
            ) from None
    return dict(sorted(found.items()))


def results_read(project: Project) -> list[str]:
    """The files of results that were opened since `watch`."""
    return sorted(project.relative(Path(path)) for path in _results)
