"""What earlier builds found of the templates: their code, and that no number in them was typed by hand.

Without it each build parses and compiles all of them, for one that was edited.
"""

import marshal
from collections.abc import Iterable
from hashlib import sha256
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from types import CodeType

import jinja2

from report.build.content import Content, digest, write_whole

HASH = 32  # bytes of a sha256


class Kept:
    """Keeps the code of templates in `folder`, and what is known of them in `content`.

    Args:
        engine: a hash of the code that reads templates; with another one nothing is known.
    """

    def __init__(self, content: Content, folder: Path, engine: str) -> None:
        self._content, self._folder = content, folder
        self._engine = digest([engine, jinja2.__version__, MAGIC_NUMBER.hex()])

    def _key(self, *parts: str) -> str:
        return digest([self._engine, *parts])

    def references(self, name: str, source: str, names: str) -> list[str] | None:
        """The templates that `name` includes, if it is known to be clean; else None.

        Args:
            names: what may stand in prose though it has digits.
        """
        known = self._content.recall("clean templates", name)
        return known[1] if known and known[0] == self._key(source, names) else None

    def is_clean(self, name: str, source: str, names: str, references: Iterable[str]) -> None:
        """Remember that the template has no number typed by hand."""
        self._content.remember("clean templates", name, [self._key(source, names), list(references)])

    def code(self, name: str, path: str, source: str) -> CodeType | None:
        """The template's code, if it was compiled before; a file that was altered is none."""
        try:
            held = self._file(name).read_bytes()
        except OSError:
            return None
        key, hashed, code = held[:HASH], held[HASH : 2 * HASH], held[2 * HASH :]
        if key.hex() != self._key(name, path, source) or hashed != sha256(code).digest():
            return None
        return marshal.loads(code)

    def keep(self, name: str, path: str, source: str, code: CodeType) -> None:
        found = marshal.dumps(code)
        key = bytes.fromhex(self._key(name, path, source))
        write_whole(self._file(name), key + sha256(found).digest() + found)

    def _file(self, name: str) -> Path:
        return self._folder / f"{name.replace('/', '.')}.bin"
