"""Shares of fooled pictures, where each picture was attacked several times.

Attacks on one picture are not independent, so they are averaged first: n is the number of pictures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from experiments.statistics import wilson
from report import stage
from report.stage import quantity


class Share(stage.Metrics):
    """A mean of shares over pictures with an interval that is too long rather than too short."""

    value: float = quantity("mean over the pictures", "fraction", 0, ge=0, le=1)
    low: float = quantity("lower end of Wilson's 95 % interval for so many pictures", "fraction", 0)
    high: float = quantity("upper end of Wilson's 95 % interval for so many pictures", "fraction", 0)
    pictures: int = quantity("pictures, a count", ge=1)


class Kept(stage.Metrics):
    """What a network says of fooled pictures after something was done to them."""

    title: str = quantity("what was done")
    target: Share = quantity("share that is named as the attack wanted")
    changed: Share = quantity("share that is named otherwise than the clean picture")
    target_by_picture: list[float] = quantity(
        "share of a picture's attacks after which it is named as wanted", "fraction", 0
    )
    changed_by_picture: list[float] = quantity(
        "share of a picture's attacks after which it is named otherwise", "fraction", 0
    )


@dataclass(frozen=True)
class Attacks:
    """n attacks on pictures.

    Attributes:
        owner: the index of the picture, int (n,).
        target: the class that was wanted, int (n,).
        named: the class that the judging network names of the clean picture, int (n,).
    """

    owner: np.ndarray
    target: np.ndarray
    named: np.ndarray

    def by_picture(self, values: np.ndarray) -> list[float]:
        """The mean of `values` (n,) over the attacks of each picture, in the order of the pictures."""
        return [float(values[self.owner == index].mean()) for index in np.unique(self.owner)]

    def kept(self, title: str, said: np.ndarray) -> Kept:
        """What became of the attacks, given the classes (n,) that are named now."""
        target, changed = self.by_picture(said == self.target), self.by_picture(said != self.named)
        return Kept(
            title=title,
            target=share(target),
            changed=share(changed),
            target_by_picture=target,
            changed_by_picture=changed,
        )


def share(by_picture: Sequence[float] | np.ndarray) -> Share:
    """The mean of a share a picture, at least one; the interval is that of the whole numbers around it."""
    value, count = float(np.mean(by_picture)), len(by_picture)
    fewest, most = floor(value * count + 1e-9), ceil(value * count - 1e-9)
    return Share(
        value=value,
        low=min(value, wilson(fewest, count)[0]),
        high=max(value, wilson(most, count)[1]),
        pictures=count,
    )
