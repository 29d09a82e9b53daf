"""Which of a project's sources changed: by their stat, looked at a few times a second."""

import os
import time
from pathlib import Path
from stat import S_ISDIR

WATCHED = ("pipeline.yaml", "profiles", "experiments", "figures", "templates")
POLL = 0.1  # seconds

Snapshot = dict[str, tuple[int, int]]


def snapshot(root: Path) -> Snapshot:
    """Size and time of each source of the project, by path; what editors leave beside it is left out."""
    found: Snapshot = {}
    for name in WATCHED:
        look(root / name, found)
    return found


def look(path: Path, found: Snapshot, above: tuple[tuple[int, int], ...] = ()) -> None:
    """Add what lies at `path` to `found`.

    Args:
        above: device and inode of the folders that led here, into which a link may lead back.
    """
    try:
        stat = path.stat()
        if not S_ISDIR(stat.st_mode):
            found[str(path)] = (stat.st_size, stat.st_mtime_ns)
        elif (here := (stat.st_dev, stat.st_ino)) not in above:
            with os.scandir(path) as entries:
                for entry in entries:
                    if not ignored(entry.name):
                        look(Path(entry.path), found, (*above, here))
    except OSError:  # an editor replaces it at this moment, or it can't be read, which the build will tell
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
