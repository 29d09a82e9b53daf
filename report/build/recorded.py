"""The recorded results of a profile, `recorded/<profile>/`: one entry a result, named by its key, and the
content of its files, compressed and named by their sha256, so that none is kept twice.

Nothing here can run code: entries are JSON, contents are bytes whose hash is checked before use.
"""

import lzma
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from report.build.content import sha256
from report.build.pipeline import Task
from report.build.project import Project
from report.errors import ColophonError

if TYPE_CHECKING:
    from report.build.entries import Entry

MEND = "Restore it with git, or run `make record` where the result was made."


def file_stem(task_id: str) -> str:
    return task_id.replace("/", ".")


@dataclass(frozen=True)
class Recorded:
    """The folder of a profile's recorded results; it need not be there."""

    project: Project

    @property
    def folder(self) -> Path:
        return self.project.root / "recorded" / self.project.profile

    @property
    def results(self) -> Path:
        return self.folder / "results"

    @property
    def blobs(self) -> Path:
        return self.folder / "blobs"

    @property
    def missing(self) -> Path:
        """The list of the stages that are not recorded, where some are and others are not."""
        return self.folder / "missing.txt"

    def blob(self, hashed: str) -> Path:
        return self.blobs / f"{hashed}.xz"

    @cached_property
    def listed(self) -> dict[str, list[Path]]:
        """The entries' files by the part of their names that tells the task."""
        found: dict[str, list[Path]] = {}
        for path in sorted(self.results.glob("*.json")):
            found.setdefault(path.name.rsplit("@", 1)[0], []).append(path)
        return found

    @cached_property
    def _read(self) -> "dict[str, list[Entry]]":
        return {}

    def entries(self, task: Task) -> "list[Entry]":
        """What is recorded of `task`, whatever its key, the newest first.

        Raises ColophonError naming the first entry that was altered.
        """
        paths = self.listed.get(file_stem(task.id), [])
        if paths and task.id not in self._read:
            from report.build.entries import read_entry  # imports Pydantic, which takes a while

            found = [read_entry(self.project, path) for path in paths]
            mine = [entry for entry in found if entry.provenance["id"] == task.id]
            self._read[task.id] = sorted(mine, key=lambda e: e.provenance["started"], reverse=True)
        return self._read.get(task.id, [])

    def settings(self, task: Task, settings_key: str) -> dict[str, Any] | None:
        """The settings that were resolved from the same script and profile, if any were."""
        found = (e.provenance["settings"] for e in self.entries(task) if e.settings_key == settings_key)
        return next(found, None)

    def content(self, entry: "Entry", name: str) -> bytes:
        """The output `name` of a result. Raises ColophonError where it is missing or was altered."""
        path = self.blob(entry.blobs()[name])
        where = f"{self.project.relative(path)} ({name} of {entry.provenance['id']})"
        try:
            found = unpack(path, entry.kept[name])
        except FileNotFoundError:
            raise ColophonError(f"{where} is missing from the record", MEND) from None
        except (lzma.LZMAError, EOFError):
            raise ColophonError(f"{where} was altered: it can't be unpacked", MEND) from None
        if len(found) != entry.kept[name] or sha256(found) != entry.blobs()[name]:
            raise ColophonError(f"{where} was altered: its content has another hash", MEND)
        return found


def unpack(path: Path, size: int) -> bytes:
    """The content of a compressed file, a byte more than `size` of it at most, as one may be a bomb."""
    with lzma.open(path, "rb") as file:
        return file.read(size + 1)
