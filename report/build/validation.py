"""YAML files read into Pydantic models, with errors that name the file, the key and what is allowed."""

from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from report.errors import ColophonError

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
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark else str(path)
        what = getattr(error, "problem", None) or str(error)
        raise ColophonError(f"{where}: not readable as YAML: {what}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ColophonError(f"{path}: expected keys with values, found a {type(content).__name__}")
    return content


def suggestion(word: str, known: list[str]) -> str:
    """What is allowed in place of `word`, the nearest named first."""
    near = get_close_matches(word, known, n=1)
    listed = f"Known: {', '.join(known)}" if known else "None are known here."
    return f"Did you mean {near[0]}? {listed}" if near else listed


def short(value: Any) -> str:
    """`value` as Python writes it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def explain(error: ValidationError, model: type[BaseModel], where: str) -> ColophonError:
    """`error` in words: for each wrong key where it stands, what it was and what is allowed."""
    problems = []
    for item in error.errors():
        key = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            known = list(model.model_fields) if len(item["loc"]) == 1 else []
            allowed = suggestion(str(item["loc"][-1]), known) if known else ""
            problems.append(f"{key}: unknown. {allowed}".rstrip())
        else:
            problems.append(f"{key} = {short(item['input'])}: {item['msg']}")
    return ColophonError(f"{where}: {'; '.join(problems)}")
