"""Templates that are parsed once, by the lint, compiled from what it parsed, and kept compiled."""

import re
from collections.abc import MutableMapping
from typing import Any

from jinja2 import Environment, FileSystemLoader, Template, TemplateSyntaxError, nodes

from report.document.kept import Kept

FOREIGN_COMMENT = re.compile(r"\{#(?=[\s+]|-\s)")  # `{#sec-x}` is an identifier


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


def refuse_comment(source: str, name: str) -> None:
    """Raise TemplateSyntaxError for Jinja's usual kind of comment, which would be printed."""
    if found := FOREIGN_COMMENT.search(source):
        line = source.count("\n", 0, found.start()) + 1
        raise TemplateSyntaxError("a comment is written <# … #>, not {# … #}", line, name)
