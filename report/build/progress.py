"""How far a stage is and how long it will take: a bar on a terminal, a line now and then elsewhere."""

import os
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

LINE_EVERY = 10.0  # seconds between two lines where there is no terminal


def duration(seconds: float) -> str:
    """`seconds` in words that fit a status line: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 05 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


class ProgressReporter:
    """Shows progress under a stage's name; made by the runner, called through `Outputs.progress`.

    Args:
        name: the stage, to begin each line with.
        bar: draw a bar that moves in place (a terminal with nothing else running on it).
    """

    def __init__(self, name: str, bar: bool) -> None:
        self._name = name
        self._bar = bar

    def __call__(
        self, items: Iterable[Any], total: int | None = None, unit: str = "it", label: str = ""
    ) -> Iterator[Any]:
        if total is None and hasattr(items, "__len__"):
            total = len(items)  # type: ignore[arg-type]  # checked by hasattr
        return self._draw(items, total, unit, label) if self._bar else self._tell(items, total, unit, label)

    def _draw(self, items: Iterable[Any], total: int | None, unit: str, label: str) -> Iterator[Any]:
        from tqdm import tqdm  # slow to import, and only needed here

        text = f"{self._name} {label}".strip()
        yield from tqdm(items, text, total, unit=f" {unit}", leave=False, file=sys.__stderr__)

    def _tell(self, items: Iterable[Any], total: int | None, unit: str, label: str) -> Iterator[Any]:
        begun = said = time.monotonic()
        for count, item in enumerate(items, start=1):
            yield item
            now = time.monotonic()
            if now - said >= LINE_EVERY and count != total:
                said = now
                left = f", {duration((now - begun) / count * (total - count))} left" if total else ""
                of = f" of {total}" if total else ""
                print(f"  {self._name}: {label + ' ' if label else ''}{count}{of} {unit}{left}", flush=True)


def wants_bar() -> bool:
    """A bar is drawn on a terminal, unless stages run side by side (the Makefile says so)."""
    return sys.stderr.isatty() and os.environ.get("COLOPHON_SIDE_BY_SIDE") != "1"
