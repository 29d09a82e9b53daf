"""The settings of each task as resolved: the defaults in its script under what the profile sets.

Reading the defaults means importing the script (and torch with it), so resolved settings are
remembered for as long as the script, what it imports, and the profile's part stay the same.
"""

from typing import Any

from report.build.content import Content, digest
from report.build.pipeline import Task
from report.build.project import Project
from report.build.source import closure


def resolve(project: Project, content: Content, task: Task) -> dict[str, Any]:
    """The settings of `task`, defaults filled in, as JSON values. Figures have none."""
    if task.is_figure:
        return {}
    key = digest([closure(project, content, task.script), task.overrides])
    known = content.recall("settings", key)
    if known is None:
        from report.build.scripts import load, make_settings  # numpy, torch: seconds, seldom needed

        known = make_settings(project, task, load(project, task)).model_dump(mode="json")
        content.remember("settings", key, known)
    return known
