"""Scripts of the project, imported: an experiment, figures or animations, and the settings."""

import importlib
from pathlib import Path
from traceback import extract_tb
from types import ModuleType

from pydantic import ValidationError

from report.build.imports import import_from
from report.build.pipeline import Task
from report.build.project import Project
from report.build.validation import explain
from report.errors import ColophonError
from report.stage import Settings


def load(project: Project, task: Task) -> ModuleType:
    """The task's script, imported. Raises ColophonError naming the script and what went wrong."""
    import_from(project)
    try:
        return importlib.import_module(task.module)
    except ColophonError:
        raise
    except (Exception, SystemExit) as error:
        problem = f"{task.script} can't be imported: {type(error).__name__}: {error}"
        raise ColophonError(problem + line_of(project, error)) from error


def line_of(project: Project, error: BaseException) -> str:
    """The line of the project where `error` was raised, as ` (experiments/x.py, line 3)`."""
    for frame in reversed(extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(project.root / "experiments") or path.is_relative_to(
            project.root / "figures"
        ):
            return f" ({project.relative(path)}, line {frame.lineno})"
    return ""


def make_settings(project: Project, task: Task, module: ModuleType) -> Settings:
    """The settings model of `module` with the profile's values.

    Raises ColophonError with profile, stage and key for what is unknown or out of range.
    """
    model = getattr(module, "Settings", None)
    if not (isinstance(model, type) and issubclass(model, Settings)):
        raise ColophonError(
            f"{task.script} has no class Settings", "Derive one from report.stage.Settings."
        )
    try:
        return model.model_validate(task.overrides)
    except ValidationError as error:
        where = f"profiles/{project.profile}.yaml: stages.{task.name}"
        raise explain(error, model, where) from None
