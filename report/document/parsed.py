"""Templates that are parsed once, by the lint, compiled from what it parsed, and kept compiled."""

import re
from collections.abc import MutableMapping
from pathlib import PurePosixPath
from typing import Any

from jinja2 import Environment, FileSystemLoader, Template, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from report.document.kept import Kept
from report.errors import ColophonError

SHARED = "shared"  # of templates/: what every document may draw on
FOREIGN_COMMENT = re.compile(r"\{#(?=[\s+]|-\s)")  # `{#sec-x}` is an identifier


class Templates(ImmutableSandboxedEnvironment):
    """A sandbox whose templates include those of their own folder and of `templates/shared` alone."""

    def join_path(self, template: str, parent: str) -> str:
        """The template that `parent` calls `template`, also where it computes the name."""
        require_own(template, parent)
        return template


class ParsedLoader(FileSystemLoader):
    """Loads templates from files, and takes the syntax of those that were parsed with `parse`.

    Args:
        kept: where their code is kept for the next build.
    """

    def __init__(self, *args: Any, kept: Kept | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept = kept
        self._parsed: dict[str, tuple[str, nodes.Template]] = {}

    def parse(self, environment: Environment, source: str, name: str) -> nodes.Template:
        """The syntax of `source`, the template `name`; raises TemplateSyntaxError. Leave it as it is."""
        refuse_comment(source, name)
        tree = environment.parse(source, name)
        self._parsed[name] = source, tree
        return tree

    def load(
        self, environment: Environment, name: str, globals: MutableMapping[str, Any] | None = None
    ) -> Template:
        """The template; its syntax is used up, since compiling alters it."""
        text, path, current = self.get_source(environment, name)
        code = self.kept.code(name, path or "", text) if self.kept else None
        if code is None:
            source, tree = self._parsed.pop(name, ("", None))
            if tree is None or source != text:
                refuse_comment(text, name)
                tree = text
            code = environment.compile(tree, name, path)
            if self.kept:
                self.kept.keep(name, path or "", text, code)
        return environment.template_class.from_code(environment, code, globals or {}, current)


def require_own(name: str, parent: str, line: int = 0) -> None:
    """Raise ColophonError where the template `parent` includes one that its document is not rebuilt for.

    Args:
        line: where it does, if that is not told otherwise.
    """
    own, other = (PurePosixPath(path).parts[:1] for path in (parent, name))
    if other not in (own, (SHARED,)):
        where = f"templates/{parent}, line {line}: " if line else ""
        places = " or ".join(f"templates/{folder}/" for folder in dict.fromkeys([*own, SHARED]))
        raise ColophonError(
            f"{where}{name} is included from another folder, whose edits would render nothing again",
            f"Move it to {places}, and name it from templates/.",
        )


def refuse_comment(source: str, name: str) -> None:
    """Raise TemplateSyntaxError for Jinja's usual kind of comment, which would be printed."""
    if found := FOREIGN_COMMENT.search(source):
        line = source.count("\n", 0, found.start()) + 1
        raise TemplateSyntaxError("a comment is written <# … #>, not {# … #}", line, name)
