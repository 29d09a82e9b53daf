"""What a build holds: its values, the claims of a document, its figures."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from report.build.content import read_json
from report.build.pipeline import DRAWN
from report.build.provenance import PROVENANCE
from report.document.assemble import CLAIMS
from report.document.exports import described, key_of, leaves
from report.document.values import Origin, Value
from report.errors import ColophonError

VALUES = "values.json"
ENDS = ("value", "low", "high")


@dataclass(frozen=True)
class Build:
    """One side of a comparison.

    Attributes:
        values: every number and word by `stage:path`, as in values.json.
        claims: the decided claims by name, as in claims.json; None where they are not known.
        figures: the hashes of a figure's files by its name; None where they are not known.
    """

    values: dict[str, dict[str, Any]]
    claims: dict[str, dict[str, Any]] | None
    figures: dict[str, str] | None


def read_build(folder: Path, profile: str, document: str, tasks: Collection[str] | None = None) -> Build:
    """The build in `folder`: that of a profile, of a document in it, or of a whole project.

    Results are read where there are some; a document's folder alone has its exports.

    Args:
        tasks: the ids of those that are meant, since what was renamed leaves its results; None for all.

    Raises ColophonError where there are neither results nor exports.
    """
    place, has_results = find_build(folder, profile, document)
    if has_results:
        return Build(stage_values(place, tasks), claims_in(place / document), figures_in(place, tasks))
    return Build(whole(read_json(place / VALUES)), claims_in(place), None)


def find_build(folder: Path, profile: str, document: str) -> tuple[Path, bool]:
    """The folder of results, or else of exports, that `folder` means, and whether it is one of results.

    Raises ColophonError where there are neither.
    """
    places = (folder, folder / "build" / profile, folder.parent)
    for place in places:
        if (place / "stages").is_dir():
            return place, True
    for place in (folder, *(place / document for place in places)):
        if (place / VALUES).is_file():
            return place, False
    raise ColophonError(
        f"REF={folder}: no build there, neither stages/ nor {VALUES}",
        f"Name the folder of a build, such as build/{profile}, or a copy of one.",
    )


def stage_values(place: Path, tasks: Collection[str] | None) -> dict[str, dict[str, Any]]:
    """Every value below `stages/`, of `tasks` if they are given, printed as its metric declares."""
    found = {}
    for path in sorted((place / "stages").rglob("metrics.json")):
        made = read_json(path.with_name(PROVENANCE))
        if made and (tasks is None or made["id"] in tasks):
            schema = made.get("schema", {})
            stage = Value(Origin(made["id"], path.parent), (), read_json(path), schema, schema)
            found |= {key_of(value): described(value) for value in leaves(stage)}
    return whole(found)


def whole(values: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """`values` without the ends of intervals, which stand with their interval."""
    ends = {f"{key}.{end}" for key, value in values.items() if "low" in value for end in ENDS}
    return {key: value for key, value in values.items() if key not in ends}


def claims_in(folder: Path) -> dict[str, dict[str, Any]] | None:
    if not (folder / CLAIMS).is_file():
        return None
    return {claim["name"]: claim for claim in read_json(folder / CLAIMS).get("claims", [])}


def figures_in(place: Path, tasks: Collection[str] | None) -> dict[str, str] | None:
    """For each figure and animation, of `tasks` if they are given, the hashes of its files when drawn."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(path for name in DRAWN for path in (place / name).rglob(PROVENANCE)):
        made = read_json(path)
        if tasks is not None and made.get("id") not in tasks:
            continue
        for file, sha256 in made.get("outputs", {}).items():
            name = Path(file).parts[0].split(".")[0].removesuffix("-poster")
            found.setdefault(f"{made['id']}/{name}", {})[file] = sha256
    return {name: json.dumps(files, sort_keys=True) for name, files in found.items()} or None
