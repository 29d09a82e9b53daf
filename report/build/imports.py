"""The project's modules, loaded from source and kept as loaded: the code that ran is what is hashed.

Python tells its compiled files from their sources by size and whole seconds, so that an edit within
a second could run the code from before it. Here no compiled file of the project is read.
"""

import os
import sys
from collections.abc import Callable
from importlib.machinery import FileFinder, SourceFileLoader
from pathlib import Path

from report.build.beside import files_read
from report.build.content import Content
from report.build.project import ENGINE, Project
from report.build.source import CODE_FOLDERS, source_hash
from report.errors import ColophonError

_sources: dict[str, bytes] = {}  # of each module loaded, by its absolute path


class FromSource(SourceFileLoader):
    def get_code(self, fullname: str):
        source = self.get_data(self.path)
        _sources[self.path] = source
        return self.source_to_code(source, self.path)


def import_from(project: Project) -> None:
    """Let `experiments` and `figures` mean the project's own, also where the engine lies elsewhere."""
    elsewhere = [p for p in sys.path if p and Path(p).resolve() not in (ENGINE, project.root)]
    sys.path[:] = [str(project.root), *elsewhere]
    if not any(getattr(hook, "root", None) == project.root for hook in sys.path_hooks):
        sys.path_hooks.insert(0, path_hook(project))
        sys.path_importer_cache.clear()


def path_hook(project: Project) -> Callable[[str], FileFinder]:
    folders = [str(project.root / folder) for folder in CODE_FOLDERS]

    def finder(path: str) -> FileFinder:
        if path == str(project.root) or any(f"{path}{os.sep}".startswith(f"{f}{os.sep}") for f in folders):
            return FileFinder(path, (FromSource, [".py"]))
        raise ImportError(path)

    finder.root = project.root  # type: ignore[attr-defined]  # to know it again
    return finder


def imported_files(project: Project) -> dict[str, Path]:
    """The project's modules that this process has imported: the files, by module name."""
    folders = tuple(f"{project.root / folder}{os.sep}" for folder in CODE_FOLDERS)
    files = {name: getattr(module, "__file__", None) or "" for name, module in list(sys.modules.items())}
    return {name: Path(file) for name, file in files.items() if file.startswith(folders)}


def code_used(project: Project, content: Content) -> dict[str, str]:
    """The hash, by path, of each project module that this process has imported, of its syntax as loaded,
    and of what it has read beside them since `watch`."""
    modules = {
        project.relative(file): source_hash(
            content,
            project.relative(file),
            _sources[str(file)] if str(file) in _sources else file.read_bytes(),
        )
        for file in sorted(imported_files(project).values())
    }
    return modules | files_read(project, content) | modules  # as loaded, not as read since


def require_own(project: Project, task: str) -> None:
    """Raise ColophonError if `task` has imported modules of the project's that no key could hold."""
    if found := sorted(project.relative(file) for file in strangers(project).values()):
        raise ColophonError(
            f"{task} imports {', '.join(found)}: an edit there would rerun nothing",
            f"Move what it needs into {' or '.join(f'{folder}/' for folder in CODE_FOLDERS)}.",
        )


def strangers(project: Project) -> dict[str, Path]:
    """The modules from the project's folder that this process has imported and that are in no key."""
    known = [*(project.root / folder for folder in CODE_FOLDERS), ENGINE / "report", Path(sys.prefix)]
    known += [Path(sys.base_prefix), Path(sys.base_exec_prefix)]  # a Python may lie below the project
    known += [project.build.parent, project.data_dir, project.torch_home]  # made, or data
    root = f"{project.root}{os.sep}"
    below = [os.path.abspath(folder) for folder in known]  # noqa: PTH100  # without `..`
    skipped = tuple(f"{folder}{os.sep}" for folder in below if folder.startswith(root))
    modules = [(name, getattr(module, "__file__", None)) for name, module in list(sys.modules.items())]
    ours = {name: file for name, file in modules if file and file.startswith(root)}
    return {
        name: Path(file)
        for name, file in ours.items()
        if name != "__main__" and not file.startswith(skipped)
    }


def forget(project: Project) -> None:
    """Forget the project's modules, so that those imported next are those one script needs."""
    for name in imported_files(project) | strangers(project):
        del sys.modules[name]
