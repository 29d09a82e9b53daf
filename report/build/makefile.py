"""The stale tasks as Make rules: the engine plans, Make schedules."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from report import FORKS
from report.build.documents import Rendering, rendering_changes
from report.build.frozen import to_draw
from report.build.libraries import shared_libraries
from report.build.plan import Planner, Status
from report.build.progress import duration
from report.build.project import Project
from report.build.restore import restore_all
from report.errors import ColophonError

GOALS = ("experiments", "figures", "html", "pdf", "report")
FORMATS_OF = {"html": ("html",), "pdf": ("pdf",), "report": ("html", "pdf")}


@dataclass(frozen=True)
class Plan:
    """What must run for a goal, in running order, what must be rendered, and how many were restored."""

    run: list[Status]
    render: list[Rendering]
    restored: int


def plan(planner: Planner, goal: str, document: str) -> Plan:
    """Restore what is recorded, and see what else there is to do for `goal`.

    Raises ColophonError naming every data set or weights file that is missing, and in a frozen build
    every stage that is stale.
    """
    wanted = {task.id for task in planner.tasks.values() if goal != "experiments" or not task.is_drawn}
    statuses, restored = restore_all(planner, wanted)
    if planner.project.frozen:
        stale = to_draw(planner, wanted, statuses)
    else:
        stale = [status for status in statuses if status.state != "fresh"]
    problems = dict.fromkeys(str(error) for s in stale for error in s.missing.values())
    if problems:
        raise ColophonError("\n".join(problems))
    asked = [Rendering(document, format) for format in FORMATS_OF.get(goal, ())]
    render = [r for r in asked if stale or rendering_changes(planner, r)]
    planner.content.save()
    return Plan(stale, render, restored)


def rules_file(project: Project, goal: str, document: str) -> Path:
    """Where the rules for `goal` stand: for each document apart, which may be built at once."""
    return project.build / (f"{goal}.{document}.mk" if goal in FORMATS_OF else f"{goal}.mk")


def target_name(task_id: str) -> str:
    """A task's id as a Make target: without `=`, which Make would take for an assignment."""
    return task_id.replace("=", "-")


def rules(planner: Planner, stale: list[Status], render: list[Rendering], plan_file: Path) -> str:
    """The Make rules, to be run from the project's folder."""
    project = planner.project
    seconds = {s.task.id: round(s.seconds, 1) for s in stale}
    local = [] if project.executor == "slurm" else [s.task for s in stale]
    libraries = shared_libraries(project, planner.content, local)
    planner.content.save()
    names = {s.task.id: target_name(s.task.id) for s in stale}
    document = f"{render[0].document}.document" if render else ""  # no stage has a name with a dot
    targets = " ".join([*names.values(), *([document] if render else [])])
    lines = [
        f"# What is stale in profile {project.profile}; written by `report plan`, read by Make.",
        f"# expected seconds: {json.dumps(seconds)}",
        f"# libraries: {json.dumps(libraries)}",
        f"export COLOPHON_PLAN := {project.relative(plan_file)}",
        f".PHONY: goal.all {targets}",
        f"goal.all: {targets}",
    ]
    if stale:
        on_slurm = project.executor == "slurm"
        lines += slurm_rule(planner, names) if on_slurm else local_rules(planner, stale, names)
    if render:
        formats = " ".join(rendering.format for rendering in render)
        lines += [
            f"{document}: {' '.join(names.values())}".rstrip(),
            f"\t@{engine()} render --profile {project.profile} {render[0].document} {formats}",
        ]
    return "\n".join(lines) + "\n"


def local_rules(planner: Planner, stale: list[Status], names: dict[str, str]) -> list[str]:
    """A rule for each stale task, after those of what it needs."""
    lines = []
    for status in stale:
        needs = [names[need] for need in status.task.needs if need in names]
        whole = " --whole" * status.whole
        profile = planner.project.profile
        forks = f'{FORKS}="$${forks_variable(status.task.row.cpus)}" exec'
        run = f"{forks} {engine()} run --alone{whole} --profile {profile} {quote(status.task.id)}"
        lines += [f"{names[status.task.id]}: {' '.join(needs)}".rstrip(), f"\t@{run}"]
    return lines


def slurm_rule(planner: Planner, names: dict[str, str]) -> list[str]:
    """One rule that submits every stale task as Slurm takes them: as many at once as -j says."""
    drawn = any(planner.tasks[name].is_drawn for name in names)
    jobs = "$(or $(patsubst -j%,%,$(filter -j%,$(MAKEFLAGS))),1)"
    keep_going = "$(if $(findstring k,$(firstword -$(MAKEFLAGS))),--keep-going)"
    submit = f"{engine()} submit {'figures' if drawn else 'experiments'}"
    recipe = f"\t@{submit} --profile {planner.project.profile} --jobs {jobs} {keep_going}"
    return [".PHONY: slurm.jobs", "slurm.jobs:", recipe, f"{' '.join(names.values())}: slurm.jobs"]


def engine() -> str:
    return f"{quote(sys.executable)} -m report"


def quote(word: str) -> str:
    """`word` for a recipe: quoted for the shell, `$` doubled for Make."""
    inner = word.replace("'", "'\\''").replace("$", "$$")
    return f"'{inner}'"


def expected_seconds(plan_file: Path) -> dict[str, float]:
    """The tasks of a plan with the seconds each is expected to take; empty without a plan."""
    return note_in(plan_file, "expected seconds")


def note_in(plan_file: Path, name: str) -> dict[str, Any]:
    """What the plan says under `name` in a comment; empty without one."""
    marker = f"# {name}: "
    try:
        lines = plan_file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    found = [line.removeprefix(marker) for line in lines if line.startswith(marker)]
    return json.loads(found[0]) if found else {}


def forks_variable(cpus: int | str) -> str:
    """The environment variable with the socket of the fork server for stages of `cpus` threads."""
    return f"{FORKS}_{cpus}"


def announce(stale: list[Status], render: list[Rendering], goal: str, profile: str) -> str:
    """What is about to happen, in a line or a few."""
    words = [f"{r.document}.{r.format}" for r in render]
    if not stale:
        return f"{profile}: every stage is fresh; rendering {' and '.join(words)}"
    total = duration(sum(s.seconds for s in stale))
    lines = [f"{profile}: {len(stale)} to run for `{goal}`, about {total} of work"]
    lines += [f"  {s.task.id}: {s.because[0]}{more(s.because)}" for s in stale]
    return "\n".join(lines)


def more(because: list[str]) -> str:
    return f" (and {len(because) - 1} more)" if len(because) > 1 else ""
