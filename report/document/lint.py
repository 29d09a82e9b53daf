"""Refuses numbers typed by hand in templates: results come from metrics, facts are marked as such.

Prose may not hold digits, but for names that document.yaml lists. What is no prose (code, attributes,
citations, labels, addresses, comments) is left out; in formulas the digits 0, 1 and 2 are allowed. Texts
in Jinja's expressions are prose too, unless they look like names of things: `transfer/svm_depth`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from jinja2 import Environment, TemplateSyntaxError, meta, nodes

from report.document.parsed import ParsedLoader, require_own
from report.document.regions import regions
from report.errors import ColophonError

HOLE = "\ue000"  # stands for what Jinja puts there
NUMBER = re.compile(r"[-−–+±≈~<>]?[\w.,]*\d[\w.,]*(?<=\w)(?:[^\S\n]?%)?")
IN_FORMULA = re.compile(r"\d+(?:(?:\.|\{,\})\d+)*")
IDENTIFIER = re.compile(r"[A-Za-z_][\w./:=+@-]*")
LIST_MARK = re.compile(r"[ \t]*(?:\d{1,2}|#)[.)][ \t]")
PROSE_KEYS = re.compile(
    r"""(?<![\w-])(?:title|alt|fig-alt|fig-cap|tbl-cap)=("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
)
COMPUTING = {"count", "float", "int", "length", "round", "sum"}  # Jinja's filters that make numbers
REMEDY = """\
Name a result, {{ results("stage").metric }}, or what is made of results, {{ count_of(rows) }}. A number
  that is a fact is written {{ fact(224) }} or {{ fact("1.96") }}, in a text "… " ~ fact(224) ~ " …"; a name
  with digits in it (VGG16) is listed under `names` in document.yaml."""


class Manifest(Protocol):
    """What the lint reads of a document's manifest."""

    @property
    def title(self) -> str: ...
    @property
    def subtitle(self) -> str: ...
    @property
    def abstract(self) -> str: ...
    @property
    def chapters(self) -> list[str]: ...
    @property
    def names(self) -> list[str]: ...


@dataclass(frozen=True, order=True)
class Offence:
    """A number typed by hand: the file (from `templates/`), its line and the text."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"templates/{self.file}, line {self.line}: {self.text}"


def require_clean(environment: Environment, folder: Path, manifest: Manifest) -> None:
    """Raise ColophonError naming every number typed by hand in the document's templates."""
    found = lint(environment, folder, manifest)
    if found:
        count = "a number" if len(found) == 1 else f"{len(found)} numbers"
        listed = "\n".join(f"  {offence}" for offence in found)
        raise ColophonError(f"{count} typed by hand:\n{listed}", REMEDY)


def lint(environment: Environment, folder: Path, manifest: Manifest) -> list[Offence]:
    """The numbers typed by hand in `folder`'s templates, what they include, and its manifest's texts."""
    names = name_pattern(manifest.names)
    found = []
    for part in ("title", "subtitle", "abstract"):
        text = getattr(manifest, part)
        line = manifest_line(folder / "document.yaml", part)
        found += [
            Offence(f"{folder.name}/document.yaml", line + at, shown) for at, shown in offences(text, names)
        ]
    return found + lint_templates(environment, folder, manifest.chapters, names)


def lint_templates(
    environment: Environment, folder: Path, chapters: list[str], names: re.Pattern[str]
) -> list[Offence]:
    """The offences in what the document in `folder` is made of, whatever the files are called.

    Those are the chapters, every `.j2` in its folder and in `templates/shared`, and what these include.
    One that an earlier build found clean is not parsed. Raises ColophonError for one that is no template,
    and for one that includes a file of another document.
    """
    root, loader = folder.parent, environment.loader
    kept = loader.kept if isinstance(loader, ParsedLoader) else None
    todo = [*folder.rglob("*.j2"), *root.glob("shared/**/*.j2"), *(folder / name for name in chapters)]
    found: dict[str, list[Offence]] = {}
    while todo:
        path = todo.pop()
        file = path.relative_to(root).as_posix()
        if file in found or not path.is_file():
            continue
        source = path.read_text(encoding="utf-8")
        references = kept.references(file, source, names.pattern) if kept else None
        found[file] = []
        if references is None:
            try:
                tree = parse(environment, source, file)
            except TemplateSyntaxError as error:
                raise ColophonError(f"templates/{file}, line {error.lineno}: {error.message}") from None
            references = [name for name in meta.find_referenced_templates(tree) if name]
            found[file] = lint_template(environment, source, tree, file, names)
            if kept and not found[file]:
                kept.is_clean(file, source, names.pattern, references)
        for name in references:
            require_own(name, file, line=1 + source[: source.find(name)].count("\n"))
        todo += [root / name for name in references]
    return [offence for file in sorted(found) for offence in found[file]]


def parse(environment: Environment, source: str, file: str) -> nodes.Template:
    """The syntax of a template, kept where the environment's loader can use it for the rendering."""
    loader = environment.loader
    if isinstance(loader, ParsedLoader):
        return loader.parse(environment, source, file)
    return environment.parse(source, file)


def manifest_line(path: Path, key: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return next((i for i, line in enumerate(lines, 1) if line.startswith(f"{key}:")), 1)


def name_pattern(names: list[str]) -> re.Pattern[str]:
    """What matches the listed names as whole words, whatever space is in them.

    Raises ColophonError for a name without a letter, which would be a number.
    """
    for name in names:
        if not re.search(r"[^\W\d_]", name):
            raise ColophonError(f"document.yaml: names: {name!r} has no letter", "A number is no name.")
    longest = sorted(names, key=len, reverse=True)
    words = [r"\s+".join(map(re.escape, name.split())) for name in longest]
    if not words:
        return re.compile(r"(?!)")
    return re.compile(rf"(?<![\w.])(?:{'|'.join(words)})(?![\w%]|[.,]\d|[^\S\n]\\?%)")


def lint_template(
    environment: Environment, source: str, tree: nodes.Template, file: str, names: re.Pattern[str]
) -> list[Offence]:
    """The offences of one template with the syntax `tree`, in the order of their lines."""
    typed = offences(prose(environment, source), names)
    found = {Offence(file, 1 + before, text) for before, text in typed}
    for line, literal in literals(tree, constants(tree)):
        if isinstance(literal, str):
            found |= {Offence(file, line + at, text) for at, text in offences(literal, names)}
        else:
            found.add(Offence(file, line, str(literal)))
    for printed in (node for output in tree.find_all(nodes.Output) for node in output.nodes):
        if isinstance(printed, nodes.Filter) and printed.name in COMPUTING:
            found.add(Offence(file, printed.lineno, f"what `| {printed.name}` computes"))
    return sorted(found)


def prose(environment: Environment, source: str) -> str:
    """The template's text, with a hole for each tag and expression, on the lines where it stands."""
    whole = environment.overlay(trim_blocks=False, lstrip_blocks=False)
    parts: list[str] = []
    line, inside = 1, False
    for at, kind, text in whole.lex(source):
        if kind == "data":
            gap = "\n" * (at - line)
            parts.append(gap + text)
            line = at + text.count("\n")
            inside = False
        elif not inside:
            parts.append("\n" * (at - line) + HOLE)
            line, inside = max(line, at), True
    return "".join(parts)


def constants(tree: nodes.Node) -> dict[str, nodes.Expr]:
    """The names that a template gives to a literal, or to each element of one in turn."""
    found: dict[str, nodes.Expr] = {}
    for node in tree.find_all((nodes.Assign, nodes.For)):
        given = node.node if isinstance(node, nodes.Assign) else node.iter
        if isinstance(node.target, nodes.Name) and isinstance(given, nodes.Literal | nodes.Neg):
            found[node.target.name] = given
    return found


def literals(tree: nodes.Node, known: dict[str, nodes.Expr]) -> Iterator[tuple[int, str | int | float]]:
    """The texts in a template's expressions that reach the reader, and the numbers printed, with lines.

    Args:
        known: what names stand for, as `constants` finds them.
    """
    if isinstance(tree, nodes.Call) and isinstance(tree.node, nodes.Name) and tree.node.name == "fact":
        return
    if isinstance(tree, nodes.Const) and isinstance(tree.value, str):
        if not IDENTIFIER.fullmatch(tree.value):
            yield tree.lineno, tree.value
        return
    if isinstance(tree, nodes.Compare | nodes.Test | nodes.TemplateData):
        return
    if isinstance(tree, nodes.Output | nodes.Concat):
        yield from numbers(tree.nodes, known)
    if isinstance(tree, nodes.Filter):
        yield from numbers([tree.node], known)
    key = "arg" if isinstance(tree, nodes.Getitem) else "key" if isinstance(tree, nodes.Pair) else ""
    for child in tree.iter_child_nodes(exclude=(key,)):
        yield from literals(child, known)


def numbers(
    printed: Iterable[nodes.Node | None], known: dict[str, nodes.Expr]
) -> Iterator[tuple[int, int | float]]:
    """The numbers that are printed by expressions without any value in them."""
    for node in printed:
        if isinstance(node, nodes.CondExpr):
            yield from numbers([node.expr1, node.expr2], known)
        elif isinstance(node, nodes.Name):
            yield from numbers([known.get(node.name)], known)
        elif isinstance(node, nodes.List | nodes.Tuple):
            yield from numbers(node.items, known)
        elif isinstance(node, nodes.Const | nodes.UnaryExpr | nodes.BinExpr):
            try:
                value = node.as_const()
            except nodes.Impossible:
                continue
            if type(value) in (int, float):
                yield node.lineno, value


def offences(text: str, names: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    """The numbers in a Markdown text, each with the count of lines before it."""
    text = names.sub(lambda found: blank(found[0]), text)
    original = text
    for region in regions(original):
        inside = original[region.start : region.end]
        if region.kind == "math":
            for found in IN_FORMULA.finditer(inside):
                if found[0] not in ("0", "1", "2"):
                    at = original.count("\n", 0, region.start + found.start())
                    near = " ".join(inside[max(0, found.start() - 12) : found.end() + 12].split())
                    yield at, f'{found[0]} in the formula "{near}"'.replace(HOLE, "…")
        kept = without(inside, PROSE_KEYS) if region.kind == "attributes" else blank(inside)
        text = text[: region.start] + kept + text[region.end :]
    text = without_list_marks(text)
    for found in NUMBER.finditer(text):
        yield text.count("\n", 0, found.start()), shown(original, found)


def without_list_marks(text: str) -> str:
    """`text` with the numbers of ordered lists blank: those that begin a line where a list may go on."""
    lines = text.split("\n")
    before = ""
    for index, line in enumerate(lines):
        mark = LIST_MARK.match(line)
        if mark and (not before.strip() or before[0] in " \t" or LIST_MARK.match(before)):
            lines[index] = blank(mark[0]) + line[mark.end() :]
        before = line
    return "\n".join(lines)


def without(inside: str, kept: re.Pattern[str]) -> str:
    """`inside` blank but for the first group of each match of `kept`."""
    out = list(blank(inside))
    for found in kept.finditer(inside):
        out[found.start(1) : found.end(1)] = found[1]
    return "".join(out)


def blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def shown(text: str, found: re.Match[str]) -> str:
    """The number, and the words around it on its line."""
    begin = text.rfind("\n", 0, found.start()) + 1
    end = (text + "\n").index("\n", found.end())
    before = " ".join(text[begin : found.start()].split(" ")[-3:])
    after = " ".join(text[found.end() : end].split(" ")[:3])
    around = " ".join(f"{before}{found[0]}{after}".replace(HOLE, "…").split())
    return f'{found[0].strip(" .,")} in "{around}"'
