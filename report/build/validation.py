"""YAML files read and checked by Pydantic, with errors that name the file, the key and what is allowed.

Slow to import: a build with nothing to do does without, see tables.py.
"""

from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from report.errors import ColophonError, suggestion

Model = TypeVar("Model")
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one is ten times as fast


class UniqueKeyLoader(Loader):
    """A safe loader that refuses a key given twice, which YAML would quietly overwrite."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen = []
        for node_of_key, _ in node.value:
            if node_of_key.tag == "tag:yaml.org,2002:merge":  # `<<: *anchor`, which a key may override
                continue
            key = self.construct_object(node_of_key, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice", node_of_key.start_mark
                )
            seen.append(key)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in `path`. Raises ColophonError naming file and line of what YAML can't read."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=UniqueKeyLoader)
    except RecursionError:
        raise ColophonError(f"{path}: not readable as YAML: nested too deeply") from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:  # ValueError: the 99th of May
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark else str(path)
        what = getattr(error, "problem", None) or str(error)
        raise ColophonError(f"{where}: not readable as YAML: {what}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ColophonError(f"{path}: expected keys with values, found a {type(content).__name__}")
    try:
        require_plain(content, str(path), {})
    except RecursionError:
        raise ColophonError(f"{path}: not readable as YAML: nested too deeply") from None
    return content


def require_plain(value: Any, where: str, seen: dict[int, bool]) -> None:
    """Raise ColophonError, naming file and key, for what JSON can't hold: dates, sets, keys that are no
    text, values that contain themselves.

    Args:
        value: what was read.
        where: the file, then the keys that lead to the value.
        seen: what was looked at already; True while that still goes on.
    """
    if seen.get(id(value)):
        raise ColophonError(f"{where}: contains itself", "Remove the alias.")
    if value is None or isinstance(value, str | bool | int | float) or id(value) in seen:
        return
    if not isinstance(value, dict | list):
        kind = type(value).__name__
        raise ColophonError(f"{where}: a {kind}, which no setting can be", "Put it in quotes for a text.")
    seen[id(value)] = True
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(value, dict) and not isinstance(key, str):
            raise ColophonError(f"{where}: the key {short(key)} is no text", "Put it in quotes.")
        require_plain(item, f"{where}{'.' if ': ' in where else ': '}{key}", seen)
    seen[id(value)] = False


def short(value: Any) -> str:
    """`value` as Python writes it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def read_model(where: str, model: type[Model], content: dict[str, Any]) -> Model:
    """`content` as a `model`, a Pydantic model or a dataclass. Raises ColophonError naming `where`."""
    try:
        return TypeAdapter(model).validate_python(content)
    except ValidationError as error:
        raise explain(error, model, where) from None


def explain(error: ValidationError, model: type, where: str) -> ColophonError:
    """`error` in words: for each wrong key where it stands, what it was and what is allowed."""
    problems = []
    for item in error.errors():
        key = ".".join(str(part) for part in item["loc"])
        if item["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
            known = names_of(model) if len(item["loc"]) == 1 else []
            allowed = suggestion(str(item["loc"][-1]), known) if known else ""
            problems.append(f"{key}: unknown. {allowed}".rstrip())
        else:
            problems.append(f"{key} = {short(item['input'])}: {item['msg']}")
    return ColophonError(f"{where}: {'; '.join(problems)}")


def names_of(model: type) -> list[str]:
    """The fields of a Pydantic model or a dataclass."""
    return list(model.model_fields) if issubclass(model, BaseModel) else [f.name for f in fields(model)]
