"""`make clean`: removes what the build made for a profile, and nothing else."""

import shutil

from report.build.documents import known_documents
from report.build.locks import is_held
from report.build.makefile import GOALS, rules_file
from report.build.project import Project
from report.build.slurm_record import in_queue
from report.errors import ColophonError

MADE = ("stages", "figures", "animations", "state", "cache.json")


def clean(project: Project) -> str:
    """Remove the profile's results, documents and state; says what it removed."""
    documents = known_documents(project)
    names = [*MADE, *documents, *(f"{d}.{f}" for d in documents for f in ("html", "pdf"))]
    plans = {rules_file(project, goal, document).name for goal in GOALS for document in documents}
    plans |= {f"{goal}.mk" for goal in GOALS}  # without documents, and of earlier engines
    names += [f"{plan}{suffix}" for plan in sorted(plans) for suffix in ("", ".done")]
    if queued := [f"{job} ({task})" for task, (job, _) in in_queue(project).items()]:
        raise ColophonError(
            f"Slurm still has the jobs {', '.join(queued)}: nothing was removed",
            f"Wait for them, or cancel them: scancel {' '.join(name.split()[0] for name in queued)}",
        )
    names += [path.name for path in project.build.glob(".*.[0-9]*")]
    running = [p.stem for p in project.build.glob("state/*.lock") if is_held(p)]
    if running:
        raise ColophonError(
            f"a build is at {', '.join(running)}: nothing was removed", "Wait for it, or stop it first."
        )
    found = [p for p in [*(project.build / name for name in names)] if p.exists()]
    for path in found:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    if project.build.is_dir() and not any(project.build.iterdir()):
        project.build.rmdir()
    listed = ", ".join(path.name for path in found)
    return f"removed from {project.relative(project.build)}: {listed or 'nothing, it was clean'}"
