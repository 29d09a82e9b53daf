"""Statistics that are computed once: an earlier build's answer for the same numbers is taken again.

That saves drawing the samples anew, and where all are known also importing scipy.
"""

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from report.build.content import Content, digest

Name = Literal["mcnemar", "bootstrap", "share_against", "mean_against", "by_flips", "by_student"]
SOURCES = [Path(__file__), Path(__file__).with_name("statistics.py")]
ROUNDING = 1e-12  # relative: sums of doubles are off by 1e-15 and so, and no result is as fine as this
CONTENT: ContextVar[Content | None] = ContextVar("content", default=None)


@dataclass(frozen=True)
class Estimate:
    """A difference with its 95 % interval and the two-sided p-value of no difference.

    The interval's ends are NaN, and p too, where they can't be computed.
    """

    difference: float
    low: float
    high: float
    p: float

    def within(self, least: float, most: float) -> "Estimate":
        """The same with an interval that ends where the difference must."""
        return replace(self, low=max(self.low, least), high=min(self.high, most))


def alike(values: Sequence[float], size: float = 0.0) -> bool:
    """Whether `values` are the same but for rounding, as 0.1 + 0.2 and 0.3 are.

    The tolerance is relative, as rounding is: 1e-15 and 2e-15 are two results, 1e6 and 1e6 + 1e-10 one.

    Args:
        size: that of the numbers whose differences `values` are, which rounded them.
    """
    return max(values) - min(values) <= ROUNDING * max(size, *map(abs, values))


def apart(first: float, second: float) -> float:
    """`first` less `second`; 0 where they are alike."""
    return 0 if alike((first, second)) else first - second


@contextmanager
def kept_in(content: Content) -> Iterator[None]:
    """Within it, what was computed is remembered in `content`, for as long as nothing of it changes."""
    token = CONTENT.set(content)
    try:
        yield
    finally:
        CONTENT.reset(token)


def estimate(name: Name, *arguments: Any) -> Estimate:
    """`report.document.statistics.<name>(*arguments)`, whose arguments are numbers and lists of them."""
    return Estimate(*computed(name, arguments))


def wilson(share: float, total: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a published share of `total`."""
    low, high = computed("wilson", (share, total))
    return low, high


def student_quantile(freedom: int) -> float:
    """How many standard errors a 95 % interval reaches to either side, with so many degrees of freedom."""
    return computed("student_quantile", (freedom,))[0]


def computed(name: str, arguments: tuple[Any, ...]) -> list[float]:
    content = CONTENT.get()
    key = digest([name, arguments, versions(content)]) if content else ""
    if content and (known := content.recall("estimates", key)) is not None:
        return known
    from report.document import statistics

    answer: Any = getattr(statistics, name)(*arguments)
    found = [float(x) for x in (astuple(answer) if isinstance(answer, Estimate) else answer)]
    if content:
        content.remember("estimates", key, found)
    return found


def versions(content: Content) -> list[str]:
    """What the answers depend on besides the numbers: our functions, and the libraries' versions."""
    return [*map(content.file, SOURCES), *library_versions()]


@functools.cache
def library_versions() -> list[str]:
    from importlib import metadata

    return [metadata.version(name) for name in ("numpy", "scipy")]
