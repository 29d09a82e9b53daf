"""The build that a commit's recorded results give, unpacked into a folder of its own."""

import subprocess
from pathlib import Path
from typing import Any

from report.build.content import digest, write_json
from report.build.documents import known_documents
from report.build.plan import Planner
from report.build.project import Project, git, open_project
from report.build.provenance import read_provenance
from report.build.restore import put_entry
from report.build.source import module_hash
from report.document.assemble import CLAIMS, make_environment, read_manifest, render_chapter
from report.errors import ColophonError


def unpack_commit(project: Project, commit: str, document: str, folder: Path) -> tuple[Planner, str]:
    """Put the build of `commit`, as far as it is recorded there, into `folder`, the commit's own sources
    with it; returns its planner, and why its claims are not known, empty where they are.

    Raises ColophonError for a commit that records nothing of the profile, and for an altered record.
    """
    require_recorded(project, commit)
    words = ["git", "archive", "--format=tar", commit]
    done = subprocess.run(words, cwd=project.root, capture_output=True, check=True)
    folder.mkdir()
    subprocess.run(["tar", "-x", "-C", str(folder), "-f", "-"], input=done.stdout, check=True)
    then = open_project(project.profile, folder, {"RENDERER": project.renderer})
    planner = Planner(then)
    for task in planner.tasks.values():
        for newest in planner.recorded.entries(task)[:1]:
            put_entry(planner, task, newest)
    try:
        write_json(then.build / document / CLAIMS, {"claims": claims_of(planner, document)})
    except ColophonError as error:
        return planner, str(error)
    return planner, ""


def require_recorded(project: Project, commit: str) -> None:
    """Raise ColophonError for a commit that records nothing of the profile."""
    if not git(project.root, "ls-tree", commit, f"recorded/{project.profile}/"):
        raise ColophonError(
            f"REF={commit[:12]}: this commit has no recorded results of the profile {project.profile}",
            "Name the folder of a build instead, or a commit in which `make record` was run.",
        )


def claims_of(planner: Planner, document: str) -> list[dict[str, Any]]:
    """The claims of `document`, decided; its figures need not be drawn for that.

    Raises ColophonError where there is no such document, and for whatever stops its assembly.
    """
    if document not in known_documents(planner.project):
        raise ColophonError(f"the commit has no document {document}.")
    environment = make_environment(planner)
    environment.globals |= {"figure": str, "animation": str}
    folder = planner.project.root / "templates" / document
    claims = environment.claims  # type: ignore[attr-defined]  # ClaimBlock extends it
    for name in read_manifest(planner, document).chapters:
        claims.decide(render_chapter(environment, folder, name))
    return [one.export() for one in claims.records()]


def drawn_from(planner: Planner, modules: dict[str, list[str]]) -> dict[str, str]:
    """For each row of figures and animations a hash of what it is drawn from: results and code.

    Args:
        planner: of the build whose results count.
        modules: the project modules that each row is known to import.
    """
    project, found = planner.project, {}
    for task in planner.tasks.values():
        if task.is_drawn:
            results = [read_provenance(project, planner.tasks[need]).get("digest") for need in task.needs]
            code = [module_hash(project, planner.content, path) for path in modules.get(task.id, [])]
            found[task.id] = digest([list(task.needs), results, code])
    return found


def modules_drawing(planner: Planner) -> dict[str, list[str]]:
    """The project modules that each row of figures and animations imported when it was drawn."""
    drawn = [task for task in planner.tasks.values() if task.is_drawn]
    return {task.id: list(read_provenance(planner.project, task).get("modules", [])) for task in drawn}
