"""The data sets and weights of the catalogue: where they lie, and which may be taken as unchanged."""

import shlex
from pathlib import Path
from typing import Any

from report.build.pipeline import DataEntry
from report.build.project import Project
from report.errors import ColophonError


def require_data(project: Project, name: str, entry: DataEntry) -> Path:
    """The path of a data set or weights file. Raises ColophonError saying what to put where."""
    path = project.data_path(entry.path)
    if (path.is_dir() and any(path.iterdir())) or path.is_file():
        return path
    about = f" ({entry.about})" if entry.about else ""
    source = f"\n  Get it from: {entry.source}" if entry.source else ""
    source = source.replace("{torch_home}", shlex.quote(project.relative(project.torch_home)))
    variable, below = project.data_variable(entry.path)
    raise ColophonError(
        f"{name}{about} is missing: nothing at {project.relative(path)}",
        f"Put it there, or set {variable} to the folder that holds {below}.{source}",
    )


def taken_as_unchanged(made: dict[str, Any], catalogue: dict[str, DataEntry]) -> dict[str, str]:
    """The fingerprints in the provenance `made` that stand for data which are not on this machine.

    Not those of an entry that has another path since. Earlier engines noted no paths: they count.
    """
    before, now = made.get("data_paths", {}), {name: entry.path for name, entry in catalogue.items()}
    return {
        name: "elsewhere" if name in before and before[name] != now.get(name) else fingerprint
        for name, fingerprint in made["data"].items()
    }
