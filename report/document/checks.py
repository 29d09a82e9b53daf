"""What is wrong with a document that can be told before its stages run, which may take hours."""

from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, meta, nodes

from report.build.documents import known_documents
from report.build.plan import Planner
from report.document.assemble import chapter_file, file_of, find, make_environment, read_manifest
from report.document.lint import require_clean
from report.errors import ColophonError

STAGES = ("results", "all_results", "facts")  # functions whose first argument is a stage
CHOSEN = (nodes.If, nodes.CondExpr, nodes.Macro)  # what may never be reached


def require_sound(planner: Planner, document: str) -> None:
    """Raise ColophonError for a manifest, chapter or bibliography that is missing or wrong, for numbers
    typed by hand, and for stages and published values that templates name and that are not there."""
    folder = planner.project.root / "templates" / document
    manifest = read_manifest(planner, document)
    environment = make_environment(planner)
    chapters = [chapter_file(folder, name) for name in manifest.chapters]
    if manifest.bibliography and not file_of(folder, manifest.bibliography).is_file():
        raise ColophonError(f"{document}/document.yaml: no bibliography {manifest.bibliography}")
    require_clean(environment, folder, manifest)
    todo, seen = chapters, set[Path]()
    while todo:
        file = todo.pop()
        if file in seen or not file.is_file():
            continue
        seen.add(file)
        tree = environment.parse(file.read_text(encoding="utf-8"))
        for call in calls(tree):
            try_name(planner, environment, file.relative_to(folder.parent).as_posix(), call)
        todo += [folder.parent / name for name in meta.find_referenced_templates(tree) if name]


def require_all_clean(planner: Planner) -> None:
    """Raise ColophonError for numbers typed by hand: all those of all documents."""
    problems, environment = [], make_environment(planner)
    for document in known_documents(planner.project):
        try:
            manifest = read_manifest(planner, document)
            require_clean(environment, planner.project.root / "templates" / document, manifest)
        except ColophonError as error:
            problems.append(str(error))
    if problems:
        raise ColophonError("\n".join(problems))


def calls(tree: nodes.Node) -> Iterator[nodes.Call]:
    """The calls in a template that every rendering makes."""
    if isinstance(tree, CHOSEN):
        return
    if isinstance(tree, nodes.Call):
        yield tree
    for child in tree.iter_child_nodes():
        yield from calls(child)


def try_name(planner: Planner, environment: Environment, file: str, call: nodes.Call) -> None:
    """Look up what a template names in `call`; an error tells file and line."""
    function = call.node.name if isinstance(call.node, nodes.Name) else ""
    named = call.args[0].value if call.args and isinstance(call.args[0], nodes.Const) else None
    if not isinstance(named, str):
        return
    try:
        if function in STAGES:
            find(planner, named)
        elif function == "published":
            environment.globals["published"](named)
    except ColophonError as error:
        raise ColophonError(
            f"templates/{file}, line {call.lineno}: {error.problem}", error.remedy
        ) from None
