"""The build that a commit's recorded results give, unpacked into a folder of its own."""

import io
import json
import lzma
import subprocess
import tarfile
from pathlib import Path
from typing import Any

from report.build.content import sha256, write_json
from report.build.plan import Planner
from report.build.project import Project, git, open_project
from report.build.provenance import PROVENANCE
from report.document.assemble import CLAIMS, make_environment, read_manifest, render_chapter
from report.errors import ColophonError


def unpack_commit(project: Project, commit: str, document: str, folder: Path) -> str:
    """Put the build of `commit`, as far as it is recorded there, into `folder`, the commit's own sources
    with it; returns why its claims are not known, empty where they are.

    Raises ColophonError for a commit that records nothing of the profile, and for an altered record.
    """
    recorded = f"recorded/{project.profile}"
    if not git(project.root, "ls-tree", commit, f"{recorded}/"):
        raise ColophonError(
            f"REF={commit[:12]}: this commit has no recorded results of the profile {project.profile}",
            "Name the folder of a build instead, or a commit in which `make record` was run.",
        )
    words = ["git", "archive", "--format=tar", commit]
    done = subprocess.run(words, cwd=project.root, capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    then = open_project(project.profile, folder, {"RENDERER": project.renderer})
    planner = Planner(then)
    entries = newest(then.root / recorded / "results")
    for task in planner.tasks.values():
        if task.id in entries:
            restore(then.root / recorded / "blobs", entries[task.id], task.directory(then))
    try:
        write_json(then.build / document / CLAIMS, {"claims": claims_of(planner, document)})
    except ColophonError as error:
        return str(error)
    return ""


def newest(results: Path) -> dict[str, dict[str, Any]]:
    """For each task the entry that was recorded last, by its id."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(results.glob("*.json")):
        entry = json.loads(path.read_text(encoding="utf-8"))
        made = entry["provenance"]
        if made["id"] not in found or made["started"] > found[made["id"]]["provenance"]["started"]:
            found[made["id"]] = entry
    return found


def restore(blobs: Path, entry: dict[str, Any], target: Path) -> None:
    """Unpack the outputs that were kept, each checked against its hash."""
    made = entry["provenance"]
    for name in entry["kept"]:
        content = lzma.decompress((blobs / f"{made['outputs'][name]}.xz").read_bytes())
        if sha256(content) != made["outputs"][name]:
            raise ColophonError(f"{made['id']}: the recorded {name} was altered", "Restore it with git.")
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    write_json(target / PROVENANCE, made)


def claims_of(planner: Planner, document: str) -> list[dict[str, Any]]:
    """The claims of `document`, decided; its figures need not be drawn for that."""
    environment = make_environment(planner)
    environment.globals |= {"figure": str, "animation": str}
    folder = planner.project.root / "templates" / document
    claims = environment.claims  # type: ignore[attr-defined]  # ClaimBlock extends it
    for name in read_manifest(planner, document).chapters:
        claims.decide(render_chapter(environment, folder, name))
    return [one.export() for one in claims.records()]
