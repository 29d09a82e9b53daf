"""What a Python module means: a hash of its abstract syntax, and the project modules it imports."""

import ast
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from report.build.content import Content, sha256
from report.build.project import Project
from report.errors import ColophonError

CODE_FOLDERS = ("experiments", "figures")


def syntax_hash(source: bytes) -> str:
    """The sha256 of the abstract syntax: docstrings, comments and formatting do not count.

    Empty fields are left out, so that the fields which newer Pythons add change nothing.
    Raises SyntaxError.
    """
    hasher = hashlib.sha256()
    for word in walk(without_docstrings(ast.parse(source))):
        hasher.update(word.encode("utf-8", "surrogatepass"))
        hasher.update(b"\0")
    return hasher.hexdigest()


def without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = node.body[1:]
    return tree


def walk(node: object) -> Iterator[str]:
    """The syntax below `node` as words that read the same only for the same syntax."""
    if isinstance(node, ast.AST):
        yield f"({type(node).__name__}"
        for name, value in ast.iter_fields(node):
            constant = isinstance(node, ast.Constant) and name == "value"
            if constant or value not in (None, []):
                yield name
                yield from walk(value)
        yield ")"
    elif isinstance(node, list):
        yield "["
        for item in node:
            yield from walk(item)
        yield "]"
    else:
        yield repr(node)


def module_hash(project: Project, content: Content, path: str) -> str:
    """The syntax hash of the project's module at `path`; `missing` where there is no such file.

    Of a file that is no Python the hash of its bytes, of a folder (which ends in a slash) that of the names
    in it. Raises ColophonError, with file and line, for a module that Python can't parse.
    """
    file = project.root / path
    if path.endswith("/"):
        return listing_hash(file) if file.is_dir() else "missing"
    if not file.is_file():
        return "missing"
    return source_hash(content, path, file.read_bytes()) if path.endswith(".py") else content.file(file)


def listing_hash(folder: str | Path) -> str:
    """The sha256 of the names in `folder`, without caches and hidden ones. Raises OSError."""
    names = sorted(os.fsencode(name) for name in os.listdir(folder) if not is_cache(name))  # noqa: PTH208
    return sha256(b"\0".join(names))


def is_cache(name: str) -> bool:
    """Whether it is the name of a folder of caches, such as compiled functions, or a hidden one."""
    return name == "__pycache__" or name.startswith(".")


def source_hash(content: Content, path: str, source: bytes) -> str:
    """The syntax hash of `source`, which stands in `path`; errors as for `module_hash`."""
    key = sha256(source)
    known = content.recall("modules", key)
    if known is None:
        try:
            known = syntax_hash(source)
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None)
            where = f"{path}, line {line}" if line else path
            raise ColophonError(f"{where}: {getattr(error, 'msg', error)}") from None
        content.remember("modules", key, known)
    return known


def closure(project: Project, content: Content, script: str) -> dict[str, str]:
    """The modules that `script` names in its imports, directly or not, with their hashes.

    More than what really loads, since an import may hide in a function that never runs: good enough to know
    whether settings must be read again. In a result's key only for scripts that a stage starts, unwatched.
    """
    found: dict[str, str] = {}
    seen: set[str] = set()
    waiting = [script]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        if not os.path.isfile(f"{project.root}/{path}"):  # noqa: PTH113  # ten times as fast as a Path's
            continue
        found[path] = module_hash(project, content, path)
        key = f"{path}:{found[path]}"
        known = content.recall("imports", key)
        if known is None:
            package = path.rsplit("/", 1)[0].split("/")
            known = sorted(named_imports((project.root / path).read_bytes(), package))
            content.remember("imports", key, known)
        for name in known:
            stem = name.replace(".", "/")
            waiting += [f"{stem}.py", f"{stem}/__init__.py"]
            waiting += [f"{parent}/__init__.py" for parent in parents(stem)]
    return found


def parents(stem: str) -> list[str]:
    parts = stem.split("/")[:-1]
    return ["/".join(parts[: n + 1]) for n in range(len(parts))]


def named_imports(source: bytes, package: list[str]) -> set[str]:
    """Every dotted name that the imports in `source` may load, of the project's code folders."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            names |= {stem, *(f"{stem}.{alias.name}" for alias in node.names)}
    return {name for name in names if name.split(".")[0] in CODE_FOLDERS}
