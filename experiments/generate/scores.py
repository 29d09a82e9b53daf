"""How far drawn pictures are from real ones: in a feature space, in their classes, in their background."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import entropy
from torch import nn
from torchmetrics.image.fid import FrechetInceptionDistance

from experiments.generate.features import CLASSES
from experiments.nn import device
from report.errors import ColophonError

ROWS = 1000  # of a distance matrix at a time


def frechet(real: np.ndarray, drawn: np.ndarray) -> float:
    """The squared Fréchet distance of the normal distributions fitted to both (Heusel et al. 2017).

    It is torchmetrics' `FrechetInceptionDistance` on features that are taken as they are. With few
    pictures it comes out too large, so that only distances of as many pictures can be compared.

    Args:
        real, drawn: features (n, d) and (m, d).

    Raises ColophonError where there are no more pictures than features: the covariance is singular.
    """
    width = real.shape[1]
    fewest = min(len(real), len(drawn))
    if fewest <= width:
        raise ColophonError(
            f"{fewest} pictures are too few for the covariance of {width} features",
            f"Take more than {width}.",
        )
    taken = nn.Identity()
    taken.num_features = width  # torchmetrics reads it; else it would try a picture of its own
    metric = FrechetInceptionDistance(feature=taken)
    for features, is_real in ((real, True), (drawn, False)):
        metric.update(torch.from_numpy(np.asarray(features, dtype=np.float64)), real=is_real)
    return float(metric.compute())


@dataclass(frozen=True)
class Cloud:
    """Features with the ball around each that reaches to its k-th neighbour.

    Attributes:
        features: float64 (n, d), on the device.
        radii: (n,), squared distances to the k-th neighbour, itself not counted.
        neighbours: k.
    """

    features: torch.Tensor
    radii: torch.Tensor
    neighbours: int


@dataclass(frozen=True)
class Overlap:
    """How drawn pictures and real ones cover each other.

    Attributes:
        precision: share of the drawn pictures that lie in the ball of a real one.
        recall: share of the real pictures that lie in the ball of a drawn one (Kynkäänniemi et al. 2019).
        density: how many real balls a drawn picture lies in, of k: about 1 for real pictures.
        coverage: share of the real balls that hold a drawn picture (Naeem et al. 2020).
    """

    precision: float
    recall: float
    density: float
    coverage: float


def cloud(features: np.ndarray, neighbours: int) -> Cloud:
    """The balls of features (n, d). Raises ColophonError where there are not as many neighbours."""
    if neighbours >= len(features):
        raise ColophonError(
            f"{len(features)} pictures do not have {neighbours} neighbours each",
            "Lower neighbours or take more pictures.",
        )
    points = torch.from_numpy(np.asarray(features, dtype=np.float64)).to(device.choose())
    radii = [
        block.topk(neighbours + 1, largest=False).values[:, -1]  # the nearest is the picture itself
        for block in _squared(points, points, own=True)
    ]
    return Cloud(points, torch.cat(radii), neighbours)


def overlap(real: Cloud, drawn: Cloud) -> Overlap:
    """Precision, recall, density and coverage; both clouds with the same k."""
    if real.neighbours != drawn.neighbours:
        raise ValueError(f"{real.neighbours} neighbours against {drawn.neighbours}")
    within = torch.zeros(len(real.features), dtype=torch.long, device=real.features.device)
    precise, recalled, pairs = 0, torch.zeros_like(within, dtype=torch.bool), 0
    start = 0
    for block in _squared(drawn.features, real.features):
        inside = block <= real.radii
        within += inside.sum(0)
        precise += int(inside.any(1).sum())
        pairs += int(inside.sum())
        recalled |= (block <= drawn.radii[start : start + len(block), None]).any(0)
        start += len(block)
    return Overlap(
        precision=precise / len(drawn.features),
        recall=float(recalled.double().mean()),
        density=pairs / (real.neighbours * len(drawn.features)),
        coverage=float((within > 0).double().mean()),
    )


def _squared(first: torch.Tensor, second: torch.Tensor, own: bool = False) -> Iterator[torch.Tensor]:
    """Yield the squared distances of `first` (n, d) to `second` (m, d), some rows at a time.

    Args:
        own: whether both are the same: the distance of each to itself is then exactly 0.
    """
    norms = second.square().sum(1)
    for start in range(0, len(first), ROWS):
        rows = first[start : start + ROWS]
        block = rows.square().sum(1)[:, None] + norms - 2 * rows @ second.T
        block.clamp_(min=0)
        if own:
            block.diagonal(start).zero_()
        yield block


def histogram(labels: np.ndarray) -> list[float]:
    """The share of each of the ten classes among labels (n,), n at least 1."""
    return (np.bincount(labels, minlength=CLASSES) / len(labels)).tolist()


def spread(shares: list[float]) -> float:
    """The entropy of shares that add up to 1, in nats: ln 10 for ten equal ones, 0 for a single one."""
    return float(entropy(shares))


def missing(shares: list[float], below: float) -> int:
    """How many classes have a smaller share than `below`."""
    return sum(share < below for share in shares)


def always_black(images: np.ndarray, share: float) -> np.ndarray:
    """The pixels bool (h, w) that are black, 0, in at least `share` of the pictures uint8 (n, h, w).

    Raises ColophonError where there is no such pixel.
    """
    found = (images == 0).mean(0) >= share
    if not found.any():
        raise ColophonError(
            f"no pixel is black in {share:.1%} of the real pictures", "Lower the share that is asked for."
        )
    return found


def background(images: np.ndarray, where: np.ndarray) -> float:
    """The mean grey level, 0 to 255, of the pixels `where` (h, w) of pictures uint8 (n, h, w)."""
    return float(images[:, where].mean())
