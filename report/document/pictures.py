"""The figures and animations that a document may name: those of a row that is there, as it drew them."""

from functools import cached_property
from pathlib import PurePosixPath

from report.build.plan import Planner
from report.build.provenance import read_provenance
from report.errors import ColophonError, suggestion

FRAMES = "animation.json"  # in an animation's folder of frames


class Pictures:
    """The functions `figure` and `animation` of templates."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner

    @cached_property
    def drawn(self) -> list[str]:
        """The files of every row, from the build's folder; what a row that is gone has left is none."""
        project = self._planner.project
        files = [
            f"{task.id}/{file}"
            for task in self._planner.tasks.values()
            if task.is_drawn
            for file in read_provenance(project, task).get("outputs", {})
        ]
        return [file for file in files if (project.build / file).is_file()]

    def figure(self, name: str) -> str:
        """The path of a drawn figure as the document names it, without its suffix."""
        known = [file.removesuffix(".pdf") for file in self.drawn if file.endswith(".pdf")]
        return path_of("figure", name, known)

    def animation(self, name: str) -> str:
        """The path of an animation as the document names it: its folder of frames, and its files' stem."""
        known = [str(PurePosixPath(file).parent) for file in self.drawn if file.endswith(f"/{FRAMES}")]
        return path_of("animation", name, known)


def path_of(kind: str, name: str, known: list[str]) -> str:
    """The path of `name` from the document; raises ColophonError where it is not `known`."""
    names = sorted(path.removeprefix(f"{kind}s/") for path in known if path.startswith(f"{kind}s/"))
    if name not in names:
        raise ColophonError(f"no {kind} {name!r}", suggestion(name, names))
    return f"../{kind}s/{name}"
