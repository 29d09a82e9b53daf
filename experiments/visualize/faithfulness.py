"""Whether a map names the pixels that the network needs: insertion and deletion.

Petsiuk et al. (2018, RISE, arXiv:1806.07421): pixels are deleted, the most salient first, until
nothing is left, or inserted into an empty picture in the same order, and the probability of a class is
followed. A good order makes it fall early and rise early. As there, deleted pixels turn into mean
grey, and insertion starts from the picture blurred, whose inserted parts have softer borders.

Other than there, whole square cells go at a time. Single pixels that are missing here and there are a
noise that makes any network fail, whichever they are; cells also treat a fine map like a coarse one.
"""

from collections.abc import Sequence

import numpy as np
import torch
from scipy import ndimage
from torch.nn import functional

from experiments.nn.inference import in_batches
from experiments.visualize.attribution import Logits
from experiments.visualize.maps import Scene
from report.errors import ColophonError


def blurred(images: np.ndarray, share: float) -> np.ndarray:
    """Pictures uint8 (n, size, size, 3) through a Gaussian with a deviation of `share` of the side."""
    deviation = share * images.shape[1]
    soft = [
        ndimage.gaussian_filter(image.astype(np.float32), (deviation, deviation, 0)) for image in images
    ]
    return np.stack(soft).round().astype(np.uint8)


def places(maps: torch.Tensor, cell: int, generator: torch.Generator) -> torch.Tensor:
    """Of each pixel, the share of cells that come before its cell, (n, size, size) in [0, 1).

    Args:
        maps: saliency, (n, size, size); a cell has the mean of its pixels.
        cell: side of a cell in pixels, a divisor of `size`.
        generator: cells that are equal, as all of a map of zeros are, come in random order.

    Raises ColophonError where cells don't fill the picture.
    """
    count, size = maps.shape[:2]
    if size % cell:
        raise ColophonError(
            f"cells of {cell} pixels do not fill a picture of {size}", f"Choose a divisor of {size}."
        )
    means = functional.avg_pool2d(maps[:, None], cell)[:, 0].flatten(1)
    shuffle = torch.stack([torch.randperm(means.shape[1], generator=generator) for _ in range(count)])
    falling = means.gather(1, shuffle).argsort(dim=1, descending=True, stable=True)
    ranks = shuffle.gather(1, falling).argsort(dim=1)
    side = size // cell
    shares = (ranks / means.shape[1]).view(count, side, side)
    return shares.repeat_interleave(cell, dim=1).repeat_interleave(cell, dim=2)


def replaced(images: torch.Tensor, canvas: torch.Tensor, order: torch.Tensor, share: float) -> torch.Tensor:
    """Pictures (n, 3, size, size) whose first `share` of cells, by `places`, are those of the canvas."""
    return torch.where((order < share)[:, None], canvas, images)


class Curves:
    """The predicted classes' probabilities while cells are inserted or deleted.

    Whole curves are by the quick logits; `without`, which is reported for single pictures, is not.
    """

    def __init__(self, scene: Scene, shares: Sequence[float], cell: int, blur: float, seed: int) -> None:
        """Args:
        shares: of the cells, rising between 0 and 1; the ends are added.
        cell: side of a cell in pixels.
        blur: of the pictures that insertion starts from, deviation over the side.
        seed: of the order of cells that are equal.
        """
        self.scene, self.cell, self.seed = scene, cell, seed
        self.shares = [0.0, *shares, 1.0]
        self.grey = torch.zeros_like(scene.images)
        self.blurred = scene.frozen.normalized(blurred(scene.subjects.images, blur))
        self.intact = self.probabilities(scene.images)
        self.grey_only, self.blurred_only = map(self.probabilities, (self.grey, self.blurred))

    def probabilities(self, images: torch.Tensor, logits: Logits | None = None) -> np.ndarray:
        """Of the scene's predicted classes, (n,), by the quick logits where no others are given."""
        scores = in_batches(logits or self.scene.quick_logits, images)
        return scores.softmax(dim=1).gather(1, self.scene.predicted[:, None])[:, 0].cpu().numpy()

    def order(self, maps: np.ndarray, turn: int = 0) -> torch.Tensor:
        """`places` of the maps' cells; equal cells come in random order, the same in each `turn`."""
        generator = torch.Generator().manual_seed(self.seed + turn)
        return places(torch.from_numpy(maps), self.cell, generator).to(self.grey.device)

    def both(self, maps: np.ndarray, turn: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Insertion and deletion, (n, shares) each, the most salient cells of the maps first."""
        order, whole = self.order(maps, turn), self.scene.images
        between = self.shares[1:-1]
        inserted = [self.probabilities(replaced(self.blurred, whole, order, s)) for s in between]
        deleted = [self.probabilities(replaced(whole, self.grey, order, s)) for s in between]
        return (
            np.stack([self.blurred_only, *inserted, self.intact], axis=1),
            np.stack([self.intact, *deleted, self.grey_only], axis=1),
        )

    def area(self, curve: np.ndarray) -> np.ndarray:
        """Under each picture's curve (n, shares), by the trapezoid rule: its mean probability, (n,)."""
        return np.trapezoid(curve, self.shares, axis=1)

    def chance(self, orders: int, bar: np.ndarray, known: np.ndarray) -> np.ndarray:
        """The share of each picture's random orders whose insertion less deletion is above `bar`, (n,).

        Args:
            orders: how many a picture.
            bar: what an order of the picture has to beat, (n,).
            known: insertion less deletion of the first random order, (n,); the others are made here.
        """
        no_map = np.zeros((len(bar), *self.scene.images.shape[-2:]), dtype=np.float32)
        passing = (known > bar).astype(float)
        for turn in range(1, orders):
            inserted, deleted = map(self.area, self.both(no_map, turn))
            passing += inserted - deleted > bar
        return passing / orders

    def without(self, maps: np.ndarray, share: float, least: bool = False) -> np.ndarray:
        """The probabilities with the `share` of most, or least, salient cells deleted, in float32, (n,)."""
        order = self.order(maps)
        order = order.amax() - order if least else order
        images = replaced(self.scene.images, self.grey, order, share)
        return self.probabilities(images, self.scene.frozen.logits)
