"""The entries of recorded results: JSON, refused unless it is just as it was written."""

import json
import re
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel, ConfigDict

from report.build.content import digest
from report.build.project import Project
from report.build.provenance import MAPPINGS, NEEDED, is_whole, key_of
from report.build.recorded import MEND, file_stem
from report.build.validation import read_model
from report.errors import ColophonError

SHA256 = re.compile(r"[0-9a-f]{64}")


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


def read_entry(project: Project, path: Path) -> Entry:
    """The entry in `path`. Raises ColophonError, naming it, unless it is just as it was written."""
    where = project.relative(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ColophonError(f"{where} was altered: not readable as JSON: {error}", MEND) from None
    if not isinstance(content, dict) or content.pop("checksum", None) != digest(content):
        raise ColophonError(f"{where} was altered: its content and its checksum differ", MEND)
    entry = read_model(where, Entry, content)
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
