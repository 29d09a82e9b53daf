"""What a stage prints, also kept in a log of bounded size: its beginning and its end."""

import contextlib
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

HEAD = TAIL = 1_000_000  # bytes


class Log:
    """A log of at most HEAD + 2 TAIL bytes, at any moment: where more is written, the middle is dropped.

    Args:
        path: the file; overwritten.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("w+b", buffering=0)
        self._size = self._dropped = self._note = 0
        self._head = HEAD

    def write(self, text: str) -> None:
        data = text.encode("utf-8", "backslashreplace")
        for begin in range(0, len(data), TAIL):
            self._size += self._file.write(data[begin : begin + TAIL])
            if self._size > HEAD + 2 * TAIL:
                self._drop_middle()

    def _drop_middle(self) -> None:
        if not self._dropped:
            self._file.seek(0)
            self._head = self._file.read(HEAD).rfind(b"\n") + 1 or HEAD
        self._file.seek(self._size - TAIL)
        tail = self._file.read()
        tail = tail[tail.find(b"\n") + 1 :]
        self._dropped += self._size - self._head - self._note - len(tail)
        note = f"[… {self._dropped:,} bytes left out …]\n".encode()
        self._file.seek(self._head)
        self._file.write(note + tail)
        self._file.truncate()
        self._note, self._size = len(note), self._file.tell()

    def close(self) -> None:
        self._file.close()


class Tee:
    """A text stream that also writes to a log."""

    def __init__(self, stream: TextIO, log: Log) -> None:
        self._stream = stream
        self._log = log

    def write(self, text: str) -> int:
        self._log.write(text)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def kept(path: Path) -> Iterator[None]:
    """Copy what the stage prints, and the traceback it ends with, to the log at `path`."""
    log = Log(path)
    out, err = Tee(sys.stdout, log), Tee(sys.stderr, log)
    with (
        contextlib.closing(log),
        contextlib.redirect_stdout(out),  # type: ignore[type-var]  # all that is used of a stream
        contextlib.redirect_stderr(err),  # type: ignore[type-var]
    ):
        try:
            yield
        except BaseException:
            log.write(traceback.format_exc())
            raise
