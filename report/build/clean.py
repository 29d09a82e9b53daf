"""`make clean`: removes what the build made for a profile, and nothing else."""

import shutil

from report.build.documents import known_documents
from report.build.project import Project

MADE = ("stages", "figures", "state", "animations", "cache.json")


def clean(project: Project) -> str:
    """Remove the profile's results, documents and state; says what it removed."""
    documents = known_documents(project)
    names = [*MADE, *documents, *(f"{d}.{f}" for d in documents for f in ("html", "pdf"))]
    plans = list(project.build.glob("*.mk")) + list(project.build.glob("*.mk.done"))
    found = [p for p in [*(project.build / name for name in names), *plans] if p.exists()]
    for path in found:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    if project.build.is_dir() and not any(project.build.iterdir()):
        project.build.rmdir()
    listed = ", ".join(path.name for path in found)
    return f"removed from {project.relative(project.build)}: {listed or 'nothing, it was clean'}"
