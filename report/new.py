"""`make new`: lays down a small project that builds at once, to be written over."""

import os
import shutil
import tempfile
from pathlib import Path

from report.build.project import ENGINE, NAME
from report.errors import ColophonError

SKELETON = Path(__file__).parent / "skeleton"
MADE_FOR_ONE = ("Makefile", "README.md", "templates/report/document.yaml")


def create(name: str, here: Path) -> Path:
    """Copy the skeleton into the new folder `name`, a path from `here`; returns its path.

    The folder is there whole or not at all. Raises ColophonError for a name that is missing, that Make or
    a title can't carry, or that is taken, and for a folder to put it in that does not exist.
    """
    if not name:
        raise ColophonError("NAME is missing", "make new NAME=my-report")
    target = (here / name).parent.resolve() / Path(name).name
    if not NAME.fullmatch(target.name):
        raise ColophonError(
            f"NAME={name}: {target.name or '/'!r} is no name for a project",
            "Letters, digits, `_`, `-` and `.`, with one of the first three at its beginning.",
        )
    if target.exists() or target.is_symlink():
        raise ColophonError(f"NAME={name}: {target} is there already", "Choose another name.")
    if not target.parent.is_dir():
        raise ColophonError(f"NAME={name}: no folder {target.parent}", "Make it first, or mend the path.")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as temporary:
        made = Path(temporary) / target.name
        shutil.copytree(SKELETON, made, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
        for file in MADE_FOR_ONE:
            text = (made / file).read_text(encoding="utf-8")
            text = text.replace("@TITLE@", title(target.name)).replace("@ENGINE@", way_to_engine(target))
            (made / file).write_text(text, encoding="utf-8")
        made.rename(target)
    return target


def title(name: str) -> str:
    """`my-report` as `My report`."""
    words = name.replace("-", " ").replace("_", " ").strip() or name
    return words[0].upper() + words[1:]


def way_to_engine(project: Path) -> str:
    """The path that the project's Makefile names: relative where the two would be moved together."""
    near = project.parent in (ENGINE, ENGINE.parent)
    path = os.path.relpath(ENGINE, project) if near else str(ENGINE)
    return path.replace("$", "$$").replace("#", "\\#")
