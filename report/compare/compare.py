"""Compares the build that is there with another one, which a folder or a commit names."""

import sys
import tempfile
from pathlib import Path

from rich.console import Console

from report.build.plan import Planner
from report.build.project import git
from report.compare.builds import Build, read_build
from report.compare.changes import changes
from report.compare.commits import unpack_commit
from report.compare.show import markdown, notes, sections, show
from report.document.build import assemble_claims
from report.errors import ColophonError

PIPE_WIDTH = 200  # columns where no terminal tells its width


def compare(planner: Planner, document: str, ref: str, comment: str, every: bool) -> None:
    """Print how the values, claims and figures of the profile's build differ from those of `ref`.

    Args:
        ref: the folder of a build, or a commit whose recorded results are meant.
        comment: a file that takes the same as Markdown; empty for none.
        every: show every value that changed.

    Raises ColophonError where `ref` is neither, where it holds no build, and where our results are stale.
    """
    project = planner.project
    if not ref:
        raise ColophonError(
            "REF is missing", "make diff REF=old/build/demo, or a commit: make diff REF=main"
        )
    before, unknown, name = other_build(planner, document, ref)
    assemble_claims(planner, document)
    found = changes(before, read_build(project.build, project.profile, document))
    title = f"{project.profile}/{document}: from {name} to now"
    tables, lines = sections(found, every), notes(found, every, unknown)
    show(Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH), title, tables, lines)
    if comment:
        Path(comment).write_text(markdown(title, tables, lines), encoding="utf-8")


def other_build(planner: Planner, document: str, ref: str) -> tuple[Build, str, str]:
    """The build that `ref` means, why its claims are not known, and how to call it."""
    project = planner.project
    folder = project.root / ref
    if folder.is_dir():
        return read_build(folder, project.profile, document), "", ref
    commit = git(project.root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if not commit:
        raise ColophonError(
            f"REF={ref}: neither a folder nor a commit", "Mend it; `git log` lists commits."
        )
    with tempfile.TemporaryDirectory(prefix="colophon-diff-") as temporary:
        there = Path(temporary) / "project"
        unknown = unpack_commit(project, commit, document, there)
        name = ref if commit.startswith(ref) else f"{ref} ({commit[:8]})"
        return read_build(there / "build" / project.profile, project.profile, document), unknown, name
