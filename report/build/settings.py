"""The settings of each task as resolved: the defaults in its script under what the profile sets.

Reading the defaults means importing the script (and torch with it), so resolved settings are
remembered for as long as the script, what it imports, and the profile's part stay the same; a recorded
result brings its own along, so that planning needs no torch where nothing has been built.
"""

from typing import TYPE_CHECKING, Any

from report.build.content import Content, digest
from report.build.pipeline import Task
from report.build.project import Project
from report.build.recorded import Recorded
from report.build.source import closure

if TYPE_CHECKING:  # imports numpy
    from report.stage import Settings


def resolve(project: Project, content: Content, recorded: Recorded, task: Task) -> dict[str, Any]:
    """The settings of `task`, defaults filled in, as JSON values. Figures have none.

    Raises ColophonError for settings that are refused, and for a script that can't be imported.
    """
    if task.section == "figures":
        return {}
    made_from = key(project, content, task)
    known = content.recall("settings", made_from)
    if known is None:
        known = recorded.settings(task, made_from)
    if known is None:
        from report.build.scripts import load, make_settings  # numpy, torch: seconds, seldom needed

        known = remember(project, content, task, make_settings(project, task, load(project, task)))
    return known


def remember(project: Project, content: Content, task: Task, settings: "Settings") -> dict[str, Any]:
    """The settings as JSON values, remembered as those of `task`."""
    resolved = settings.model_dump(mode="json")
    content.remember("settings", key(project, content, task), resolved)
    return resolved


def key(project: Project, content: Content, task: Task) -> str:
    """The hash of everything that the settings are resolved from."""
    return digest([closure(project, content, task.script), task.overrides])
