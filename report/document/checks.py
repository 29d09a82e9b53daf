"""What is wrong with a document that can be told before its stages run, which may take hours."""

import re
from collections.abc import Callable
from pathlib import Path

from report.build.plan import Planner
from report.document.assemble import chapter_file, file_of, find, make_environment, read_manifest
from report.document.lint import require_clean
from report.document.parsed import SHARED
from report.errors import ColophonError

STAGE = re.compile(r"""\b(?:results|all_results|facts)\(\s*(["'])(?P<name>[^"']+)\1\s*[,)]""")
PUBLISHED = re.compile(r"""\bpublished\(\s*(["'])(?P<name>[^"']+)\1\s*\)""")


def require_sound(planner: Planner, document: str) -> None:
    """Raise ColophonError for a manifest, chapter or bibliography that is missing or wrong, for numbers
    typed by hand, and for stages and published values that templates name and that are not there."""
    folder = planner.project.root / "templates" / document
    manifest = read_manifest(planner, document)
    environment = make_environment(planner)
    for name in manifest.chapters:
        chapter_file(folder, name)
    if manifest.bibliography and not file_of(folder, manifest.bibliography).is_file():
        raise ColophonError(f"{document}/document.yaml: no bibliography {manifest.bibliography}")
    require_clean(environment, folder, manifest)
    for file in sorted([*folder.rglob("*.j2"), *folder.parent.glob(f"{SHARED}/**/*.j2")]):
        text = file.read_text(encoding="utf-8")
        for found in STAGE.finditer(text):
            try_name(file.relative_to(folder.parent), text, found, lambda name: find(planner, name))
        for found in PUBLISHED.finditer(text):
            try_name(file.relative_to(folder.parent), text, found, environment.globals["published"])


def try_name(file: Path, text: str, found: re.Match[str], look_up: Callable[[str], object]) -> None:
    """Look up what a template names; an error tells file and line."""
    try:
        look_up(found["name"])
    except ColophonError as error:
        line = 1 + text.count("\n", 0, found.start())
        where = f"templates/{file.as_posix()}, line {line}"
        raise ColophonError(f"{where}: {error.problem}", error.remedy) from None
