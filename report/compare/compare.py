"""Compares the build that is there with another one, which a folder or a commit names."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from report.build.plan import Planner
from report.build.project import Project, git
from report.compare.builds import Build, find_build, read_build
from report.compare.changes import changes
from report.compare.commits import drawn_from, modules_drawing, require_recorded, unpack_commit
from report.compare.show import markdown, notes, sections, show
from report.document.build import assemble_claims
from report.errors import ColophonError
from report.terminal import terminal


@dataclass(frozen=True)
class Other:
    """The build to compare with.

    Attributes:
        name: how to call it.
        unknown: why its claims are not known; empty where they are.
        by_row: whether its figures are told by what each row of them is drawn from, as of a commit, which
            records results and no figures.
    """

    build: Build
    name: str
    unknown: str = ""
    by_row: bool = False


def compare(planner: Planner, document: str, ref: str, comment: str, every: bool) -> None:
    """Print how the values, claims and figures of the profile's build differ from those of `ref`.

    Args:
        ref: the folder of a build, or a commit whose recorded results are meant.
        comment: a file that takes the same as Markdown; empty for none.
        every: show every value that changed.

    Raises ColophonError where `ref` is neither, where it holds no build, and where our results are stale.
    """
    project = planner.project
    other = other_build(planner, document, ref)
    assemble_claims(planner, document)
    now = read_build(project.build, project.profile, document, planner.tasks)
    if other.by_row:
        now = replace(now, figures=drawn_from(planner, modules_drawing(planner)))
    found = changes(other.build, now)
    title = f"{project.profile}/{document}: from {other.name} to now"
    tables, lines = sections(found, every), notes(found, every, other.unknown)
    show(terminal(), title, tables, lines)
    if comment:
        Path(comment).write_text(markdown(title, tables, lines), encoding="utf-8")


def require_ref(project: Project, document: str, ref: str) -> None:
    """Raise ColophonError, before anything is run for the comparison, where `ref` means no build."""
    meant = meaning(project, ref)
    if isinstance(meant, Path):
        find_build(meant, project.profile, document)
    else:
        require_recorded(project, meant)


def meaning(project: Project, ref: str) -> Path | str:
    """The folder that `ref` names, or the whole hash of the commit. Raises ColophonError for neither."""
    if not ref:
        raise ColophonError("REF is missing", "make diff REF=old/build/demo, or REF=<commit>")
    folder = project.root / ref
    if folder.is_dir():
        return folder
    commit = git(project.root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if not commit:
        raise ColophonError(f"REF={ref}: neither a folder nor a commit", "`git log` lists commits.")
    return commit


def other_build(planner: Planner, document: str, ref: str) -> Other:
    """The build that `ref` means."""
    project = planner.project
    meant = meaning(project, ref)
    if isinstance(meant, Path):
        return Other(read_build(meant, project.profile, document), ref)
    name = ref if meant.startswith(ref) else f"{ref} ({meant[:8]})"
    with tempfile.TemporaryDirectory(prefix="colophon-diff-") as temporary:
        then, unknown = unpack_commit(project, meant, document, Path(temporary) / "project")
        build = read_build(then.project.build, project.profile, document)
        figures = drawn_from(then, modules_drawing(planner))
    return Other(replace(build, figures=figures), name, unknown, by_row=True)
