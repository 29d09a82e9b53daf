"""Content hashes of files and folders, with git's trick: a file whose stat is unchanged isn't read.

The hash decides, never the stat: a touched file is read again and found the same.
"""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

RACY_NS = 2_000_000_000  # a file changed this short ago may change again within one clock tick


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def digest(value: Any) -> str:
    """The sha256 of a value that JSON can hold, independent of the order of keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return sha256(text.encode("utf-8", "surrogatepass"))  # names of files may be no UTF-8


def write_json(path: Path, value: Any) -> None:
    """Write `value` so that the file is there whole or not at all."""
    write_whole(path, (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode())


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` so that the file is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_json(path: Path) -> dict[str, Any]:
    """The object in `path`; empty where the file is missing or broken (it is then made anew)."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def read_once(read: Callable[[Path], dict[str, Any]]) -> Callable[[Path], dict[str, Any]]:
    """`read`, called once in a process for a file that stays as it is; what it returns must not be altered.

    For files that are written whole (see `write_whole`).
    """
    known: dict[Path, tuple[tuple[int, ...], dict[str, Any]]] = {}

    @wraps(read)
    def reading(path: Path) -> dict[str, Any]:
        try:
            with path.open("rb") as file:  # on a network's disk, too, this asks how the file is now
                stat = os.fstat(file.fileno())
        except OSError:
            return read(path)
        signature = (stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
        before = known.get(path)
        if before is None or before[0] != signature:
            before = known[path] = signature, read(path)
        return before[1]

    return reading


read_json_once = read_once(read_json)


class Content:
    """Hashes of files and folders, remembered by their stat between runs in one cache file.

    Args:
        cache: where to remember them; may be deleted at any time.
    """

    def __init__(self, cache: Path) -> None:
        self._path = cache
        self._old: dict[str, dict[str, Any]] = read_json(cache)
        self._new: dict[str, dict[str, Any]] = {}
        self._learnt = False
        self._now = time.time_ns()

    def recall(self, kind: str, key: str) -> Any:
        """What was remembered under `kind` and `key`, or None."""
        found = self._new.get(kind, {}).get(key)
        return found if found is not None else self._old.get(kind, {}).get(key)

    def remember(self, kind: str, key: str, value: Any) -> None:
        self._new.setdefault(kind, {})[key] = value
        self._learnt = True

    def save(self) -> None:
        """Add what this process learnt to the cache file, which others may have written meanwhile."""
        if self._learnt:
            kept = read_json(self._path)
            for kind, values in self._new.items():
                kept.setdefault(kind, {}).update(values)
            with contextlib.suppress(OSError):  # a full disk: it only saves time
                write_whole(self._path, json.dumps(kept).encode())
            self._learnt = False

    def file(self, path: Path) -> str:
        """The sha256 of a file. Raises OSError if it can't be read."""
        stat = path.stat()
        signature = f"{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ctime_ns}:{stat.st_ino}"
        known = self.recall("files", str(path))
        if known and known[0] == signature:
            return known[1]
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if self._now - max(stat.st_mtime_ns, stat.st_ctime_ns) > RACY_NS:
            self.remember("files", str(path), [signature, found])
        return found

    def tree(self, path: Path) -> str:
        """The fingerprint of a file, or of all files under a folder with their relative paths.

        Raises OSError if it can't be read.
        """
        if not path.is_dir():
            return self.file(path)
        stats = list(scan(path, ""))
        signature = digest(stats)
        known = self.recall("trees", str(path))
        if known and known[0] == signature:
            return known[1]
        files = {name: sha256((path / name).read_bytes()) for name, *_ in stats}
        found = digest(files)
        newest = max((max(mtime, ctime) for _, _, mtime, ctime, _ in stats), default=0)
        if self._now - newest > RACY_NS:
            self.remember("trees", str(path), [signature, found])
        return found


def scan(folder: Path, prefix: str) -> list[tuple[str, int, int, int, int]]:
    """(relative path, size, mtime, ctime, inode) of every file under `folder`, sorted by path."""
    found = []
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.is_dir():
                found += scan(Path(entry.path), f"{prefix}{entry.name}/")
            else:
                stat = entry.stat()
                found.append(
                    (prefix + entry.name, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino)
                )
    return found
