"""When a document must be rendered again: its templates, the engine, its results, or its date changed."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from report.build.content import digest, read_json, write_json
from report.build.frozen import stale_shown
from report.build.pipeline import Task, load_profile
from report.build.plan import Planner
from report.build.project import ENGINE, NAME, Project, source_date
from report.build.provenance import PROVENANCE
from report.errors import ColophonError

ENGINE_PARTS = ("document", "render", "build", "stage.py")


@dataclass(frozen=True)
class Rendering:
    """One file to render: a document in one format."""

    document: str
    format: str

    def target(self, planner: Planner) -> Path:
        return planner.project.build / f"{self.document}.{self.format}"

    def record(self, planner: Planner) -> Path:
        return planner.project.build / self.document / f"{self.format}.json"


def known_documents(project: Project) -> list[str]:
    """The folders of templates/ that hold a manifest."""
    found = (p.parent.name for p in project.root.glob("templates/*/document.yaml"))
    return sorted(name for name in found if NAME.fullmatch(name))


def require_document(planner: Planner, name: str) -> str:
    known = known_documents(planner.project)
    if name not in known:
        raise ColophonError(f"DOC={name}: no such document", f"Documents: {', '.join(known)}")
    return name


def rendering_parts(planner: Planner, rendering: Rendering) -> dict[str, Any]:
    """What the rendered file depends on, with all results as they are now."""
    project, content = planner.project, planner.content
    return {
        "templates": content.tree(project.root / "templates" / rendering.document),
        "shared templates": [content.tree(path) for path in shared_templates(project)],
        "engine": {part: engine_hash(planner, part) for part in ENGINE_PARTS},
        "stale": stale_shown(planner),
        "results": [[task.id, provenance_hash(planner, task)] for task in planner.tasks.values()],
        "profile": load_profile(project, content, planner.pipeline).about,
        "renderer": renderer(project),
        "date": source_date(project.root),
    }


def shared_templates(project: Project) -> list[Path]:
    """What every document may draw on: the published values, and text that documents share."""
    paths = [project.root / "templates" / name for name in ("published.yaml", "shared")]
    return [path for path in paths if path.exists()]


def renderer(project: Project) -> str:
    """The tool that renders: what `auto` means on this machine."""
    if project.renderer != "auto":
        return project.renderer
    return "quarto" if shutil.which("quarto") else "pandoc"


def engine_hash(planner: Planner, part: str) -> str:
    """The hash of the engine's sources in `part`, compiled files left out."""
    path = ENGINE / "report" / part
    sources = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    kept = [p for p in sources if "__pycache__" not in p.parts]
    return digest({p.relative_to(ENGINE).as_posix(): planner.content.file(p) for p in kept})


def provenance_hash(planner: Planner, task: Task) -> str | None:
    path = task.directory(planner.project) / PROVENANCE
    return planner.content.file(path) if path.is_file() else None


def rendering_changes(planner: Planner, rendering: Rendering) -> list[str]:
    """Why the file must be rendered again; empty if it need not."""
    record, target = read_json(rendering.record(planner)), rendering.target(planner)
    if not record or not target.is_file():
        return ["never rendered"]
    if planner.content.file(target) != record.get("sha256"):
        return [f"{target.name} was altered"]
    folder = planner.project.build / rendering.document
    for name, sha256 in record.get("files", {}).items():
        if not (folder / name).is_file():
            return [f"{name} is missing"]
        if planner.content.file(folder / name) != sha256:
            return [f"{name} was altered"]
    parts = rendering_parts(planner, rendering)
    made_from = record.get("parts", {})
    changed = [part for part in parts if parts[part] != made_from.get(part)]
    return ["what is stale changed" if part == "stale" else f"{part} changed" for part in changed]


def record_rendering(planner: Planner, rendering: Rendering, parts: dict[str, Any]) -> None:
    """Note what the file now in place was made from (`parts`, taken before it was rendered)."""
    sha256 = planner.content.file(rendering.target(planner))
    folder = planner.project.build / rendering.document
    files = {name: planner.content.file(folder / name) for name in exported(folder)}
    write_json(rendering.record(planner), {"sha256": sha256, "files": files, "parts": parts})


def exported(folder: Path) -> list[str]:
    """The files for other people's documents that were written beside a document's source."""
    found = [*folder.glob("tables/*.*"), *folder.glob("values.*")]
    return sorted(path.relative_to(folder).as_posix() for path in found)
