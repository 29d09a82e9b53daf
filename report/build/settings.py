"""The settings of each task as resolved: the defaults in its script under what the profile sets.

Reading the defaults means importing the script (and torch with it), so resolved settings are
remembered for as long as the script, what it imports, and the profile's part stay the same.
"""

import importlib
from types import ModuleType
from typing import Any

from pydantic import ValidationError

from report.build.content import Content, digest
from report.build.pipeline import Task
from report.build.project import Project, import_from
from report.build.source import closure
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
    except Exception as error:
        raise ColophonError(
            f"{task.script} can't be imported: {type(error).__name__}: {error}"
        ) from error


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


def resolve(project: Project, content: Content, task: Task) -> dict[str, Any]:
    """The settings of `task`, defaults filled in, as JSON values. Figures have none."""
    if task.is_figure:
        return {}
    key = digest([closure(project, content, task.script), task.overrides])
    known = content.recall("settings", key)
    if known is None:
        known = make_settings(project, task, load(project, task)).model_dump(mode="json")
        content.remember("settings", key, known)
    return known
