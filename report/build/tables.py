"""What pipeline.yaml and a profile say, remembered as it was read and checked.

Reading YAML, and Pydantic, which checks what was read, take longer to import than all else that a build
with nothing to do does: as long as neither the files nor this engine change, they are left alone.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from report.build.content import Content

CHECKS = [Path(__file__).with_name(name) for name in ("pipeline.py", "validation.py", "bounds.py")]
Load = Callable[[Path], dict[str, Any]]


def remembered(content: Content, file: Path, read: Callable[[Load], dict[str, Any]]) -> dict[str, Any]:
    """What `read` returns, or returned when the files that it loaded were as they are now.

    Args:
        content: where it is remembered.
        file: what is read; its whole path, since the memory may have been copied with the project.
        read: reads and checks it, by the function that it is given, as what JSON can hold.
    """
    known = content.recall("tables", str(file))
    if known and all(hash_of(content, path) == sha256 for path, sha256 in known["files"].items()):
        return known["value"]
    files = {str(path): hash_of(content, str(path)) for path in CHECKS}

    def load(path: Path) -> dict[str, Any]:
        from report.build.validation import read_yaml

        files[str(path)] = hash_of(content, str(path))
        return read_yaml(path)

    value = read(load)
    if all(hash_of(content, path) == sha256 for path, sha256 in files.items()):  # none was edited meanwhile
        content.remember("tables", str(file), {"files": files, "value": value})
    return value


def hash_of(content: Content, path: str) -> str:
    """The sha256 of a file, empty where there is none."""
    try:
        return content.file(Path(path))
    except OSError:
        return ""
