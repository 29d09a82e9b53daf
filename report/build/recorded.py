"""The recorded results of a profile, `recorded/<profile>/`: one entry a result, named by its key, and the
content of its files, compressed and named by their sha256, so that none is kept twice.

Nothing here can run code: entries are JSON, contents are bytes whose hash is checked before use.
"""

import json
import lzma
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from report.build.content import digest, sha256
from report.build.pipeline import Task
from report.build.project import Project
from report.build.provenance import MAPPINGS, NEEDED, is_whole, key_of
from report.build.validation import explain
from report.errors import ColophonError

SHA256 = re.compile(r"[0-9a-f]{64}")
MEND = "Restore it with git, or run `make record` where the result was made."
CHUNK = 1 << 20


class Entry(BaseModel):
    """A recorded result.

    Attributes:
        provenance: that of the run, as it was written.
        settings_key: what its settings were resolved from, so that they need not be again.
        kept: the size of each output that is kept, by relative path.
        left_out: the outputs that are not kept, such as weights.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    provenance: dict[str, Any]
    settings_key: str
    kept: dict[str, int]
    left_out: list[str]

    @property
    def name(self) -> str:
        """The name of its file: the task and the key it was made under."""
        return f"{file_stem(self.provenance['id'])}@{self.provenance['key'][:16]}.json"

    def blobs(self) -> dict[str, str]:
        """The sha256 of each output that is kept, by relative path."""
        return {name: self.provenance["outputs"][name] for name in self.kept}

    def text(self) -> str:
        """The content of its file."""
        content = self.model_dump(mode="json")
        return json.dumps({"checksum": digest(content)} | content, indent=1, ensure_ascii=False) + "\n"


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
    def _read(self) -> dict[str, list[Entry]]:
        return {}

    def entries(self, task: Task) -> list[Entry]:
        """What is recorded of `task`, whatever its key, the newest first.

        Raises ColophonError naming the first entry that was altered.
        """
        if task.id not in self._read:
            found = [read_entry(self.project, p) for p in self.listed.get(file_stem(task.id), [])]
            mine = [entry for entry in found if entry.provenance["id"] == task.id]
            self._read[task.id] = sorted(mine, key=lambda e: e.provenance["started"], reverse=True)
        return self._read[task.id]

    def settings(self, task: Task, settings_key: str) -> dict[str, Any] | None:
        """The settings that were resolved from the same script and profile, if any were."""
        found = (e.provenance["settings"] for e in self.entries(task) if e.settings_key == settings_key)
        return next(found, None)

    def content(self, entry: Entry, name: str) -> bytes:
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


def read_entry(project: Project, path: Path) -> Entry:
    """The entry in `path`. Raises ColophonError, naming it, unless it is just as it was written."""
    where = project.relative(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ColophonError(f"{where} was altered: not readable as JSON: {error}", MEND) from None
    if not isinstance(content, dict) or content.pop("checksum", None) != digest(content):
        raise ColophonError(f"{where} was altered: its content and its checksum differ", MEND)
    try:
        entry = Entry.model_validate(content)
    except ValidationError as error:
        raise explain(error, Entry, where) from None
    if problem := contradiction(entry):
        raise ColophonError(f"{where} was altered: {problem}", MEND)
    if path.name != entry.name:
        raise ColophonError(f"{where} was renamed: it is {entry.name}", MEND)
    return entry


def contradiction(entry: Entry) -> str:
    """What in an entry can't be; empty where all is well."""
    made = entry.provenance
    if lacking := sorted((NEEDED | {"id", "key"}) - made.keys()):
        return f"no {', '.join(lacking)}"
    if not is_whole(made) or not isinstance(made["id"], str):
        return "its provenance is not one"
    if made["key"] != key_of({name: made[name] for name in MAPPINGS if name != "outputs"}):
        return "its key is not that of its parts"
    if made["digest"] != digest(made["outputs"]):
        return "its digest is not that of its outputs"
    if sorted([*entry.kept, *entry.left_out]) != sorted(made["outputs"]):
        return "what is kept and what is left out are not its outputs"
    for name, hashed in made["outputs"].items():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or str(path) != name or "\\" in name:
            return f"{name!r} is no path within a folder"
        if not isinstance(hashed, str) or not SHA256.fullmatch(hashed):
            return f"the hash of {name} is none"
    return ""
