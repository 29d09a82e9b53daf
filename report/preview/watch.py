"""Which of a project's sources changed: by their stat, looked at a few times a second."""

import os
import time
from pathlib import Path

WATCHED = ("pipeline.yaml", "profiles", "experiments", "figures", "templates")
POLL = 0.1  # seconds

Snapshot = dict[str, tuple[int, int]]


def snapshot(root: Path) -> Snapshot:
    """Size and time of each source of the project, by path; what editors leave beside it is left out."""
    found: Snapshot = {}
    for name in WATCHED:
        look(root / name, found)
    return found


def look(path: Path, found: Snapshot) -> None:
    try:
        if path.is_dir():
            with os.scandir(path) as entries:
                for entry in entries:
                    if not ignored(entry.name):
                        look(Path(entry.path), found)
        else:
            stat = path.stat()
            found[str(path)] = (stat.st_size, stat.st_mtime_ns)
    except FileNotFoundError:  # an editor replaces it at this moment
        return


def ignored(name: str) -> bool:
    return name.startswith((".", "#", "__pycache__")) or name.endswith(("~", ".tmp", ".swp"))


def changed(root: Path, before: Snapshot) -> Snapshot:
    """Wait until the sources differ from `before` and have come to rest; returns how they are then."""
    now = snapshot(root)
    while now == before:
        time.sleep(POLL)
        now = snapshot(root)
    while (later := wait_and_look(root)) != now:  # several files are being saved
        now = later
    return now


def is_prose(root: Path, before: Snapshot, now: Snapshot) -> bool:
    """Whether nothing but templates changed, which no stage reads."""
    templates = f"{root / 'templates'}{os.sep}"
    return all(path.startswith(templates) for path, _ in before.items() ^ now.items())


def wait_and_look(root: Path) -> Snapshot:
    time.sleep(POLL / 2)
    return snapshot(root)
