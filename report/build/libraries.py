"""Which libraries the stages of a plan import: those that several share are loaded once for all of them."""

import ast
import sys
from collections import Counter

from report.build.content import Content
from report.build.pipeline import Task
from report.build.project import Project
from report.build.source import CODE_FOLDERS, closure

OWN = {"report", *CODE_FOLDERS}


def shared_libraries(project: Project, content: Content, tasks: list[Task]) -> dict[int, list[str]]:
    """What at least two of `tasks` with the same number of threads import, by that number.

    The modules lie outside the project and the standard library, and are named at the top of a module:
    what a function imports is not always needed. A number of threads that one task alone has is left out.
    """
    found = {}
    for cpus in sorted({task.row.cpus for task in tasks}):
        alike = [task for task in tasks if task.row.cpus == cpus]
        counts = Counter(name for task in alike for name in libraries(project, content, task.script))
        if len(alike) > 1:
            found[cpus] = sorted(name for name, count in counts.items() if count > 1)
    return found


def libraries(project: Project, content: Content, script: str) -> set[str]:
    """The modules of libraries that `script` imports, or a module of the project that it imports."""
    found: set[str] = set()
    for path, digest in closure(project, content, script).items():
        key = f"{path}:{digest}"
        known = content.recall("libraries", key)
        if known is None:
            known = sorted(imported_at_the_top((project.root / path).read_bytes()))
            content.remember("libraries", key, known)
        found.update(known)
    return found


def imported_at_the_top(source: bytes) -> set[str]:
    names: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return {name for name in names if name.split(".")[0] not in OWN | sys.stdlib_module_names}
