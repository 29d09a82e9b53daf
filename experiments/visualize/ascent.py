"""Gradient ascent on pictures towards classes, many at once.

One iteration of the practical on a picture x, in the space of the network's input: shift it at random
(jitter; Mordvintsev et al. 2015), add η times the gradient of L = score(class) - λ‖x‖, shift it back,
clamp it to what a picture can hold, and now and then blur it (Yosinski et al. 2015, arXiv:1506.06579).
The ascents of a batch differ in all of that; what they share is the pass through the network. Noise and
shifts come from the seed of an ascent alone, so that variants with one seed are compared like with like
and no ascent depends on its neighbours, but for the rounding of a batch of another size.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.ndimage import gaussian_filter1d

from experiments.nn import device
from experiments.nn.last_layer import only_classes
from experiments.visualize.frozen import Frozen
from experiments.visualize.variants import Variant

CHECKPOINT_EVERY = 100  # iterations; some ten seconds on a CPU


@dataclass(frozen=True)
class Ascent:
    """One picture on its way.

    Attributes:
        variant: how it goes.
        seed: of its noise and its shifts.
        target: the index of the class.
        start: normalised picture (3, size, size), None for noise.
        keep: iterations after which the picture is kept, 0 for the start.
    """

    variant: Variant
    seed: int
    target: int
    start: torch.Tensor | None
    keep: frozenset[int]

    @property
    def course(self) -> tuple[object, ...]:
        """All that its pictures follow from: ascents of one course differ in their length alone."""
        told = self.variant
        way = (told.learning_rate, told.l2, told.penalty, told.step, told.blur_every, told.precision)
        return (self.seed, self.target, told.start, *way)

    def first(self, size: int) -> torch.Tensor:
        """The picture before the first iteration: as given, or N(0, 1), (3, size, size)."""
        if self.start is not None:
            return self.start
        noise = np.random.default_rng((self.seed, 0)).standard_normal((3, size, size), dtype=np.float32)
        return torch.from_numpy(noise)

    def shifts(self, most: int) -> np.ndarray:
        """Rows and columns that each iteration shifts by, 0 to `most`, int (iterations, 2)."""
        return np.random.default_rng((self.seed, 1)).integers(0, most + 1, (self.variant.iterations, 2))


class Slope:
    """The gradient of the scores of some classes with respect to pictures.

    Args:
        frozen: the network, in float32; it is copied, since the precision changes its weights.
        classes: the only ones whose scores are computed.
    """

    def __init__(self, frozen: Frozen, classes: Sequence[int], precision: device.Precision) -> None:
        self.frozen = frozen
        self._places = {label: place for place, label in enumerate(classes)}
        self._network = device.place(only_classes(frozen.network, classes), frozen.where, precision)
        self._dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32

    def __call__(self, pictures: torch.Tensor, targets: Sequence[int]) -> torch.Tensor:
        """Of each picture (n, 3, size, size) towards its target, float32, of that shape."""
        given = pictures.to(self._dtype, memory_format=torch.channels_last, copy=True).requires_grad_()
        scores = self._network(given)
        places = torch.tensor([self._places[target] for target in targets], device=scores.device)
        (gradient,) = torch.autograd.grad(scores.gather(1, places[:, None]).sum(), given)
        return gradient.float().contiguous()


class Batch:
    """Ascents side by side. Those with fewer iterations leave when they are done.

    Args:
        ascents: of one network, as `slope` is.
        jitter: largest shift, in pixels.
        sigma: of the Gaussian blur, in pixels.
        checkpoint: file that the state is written to now and then, and read from if it is there.

    Attributes:
        ascents: those with the most iterations first; what follows is in this order.
        done: iterations so far.
        kept: of each ascent, iteration -> picture uint8 (size, size, 3).
        lengths: the length of the score's gradient at each iteration, float32 (n, iterations).
    """

    def __init__(
        self,
        slope: Slope,
        ascents: Sequence[Ascent],
        jitter: int,
        sigma: float,
        checkpoint: Path | None = None,
    ) -> None:
        self.ascents = sorted(ascents, key=lambda ascent: -ascent.variant.iterations)
        self.done = 0
        self.kept: list[dict[int, np.ndarray]] = [{} for _ in ascents]
        self._slope, self._file = slope, checkpoint
        where, size = slope.frozen.where, slope.frozen.backbone.size
        variants = [ascent.variant for ascent in self.ascents]
        self._shifts = [ascent.shifts(jitter) for ascent in self.ascents]
        self._blur = blur_matrix(size, sigma).to(where)

        def column(value: Callable[[Variant], float]) -> torch.Tensor:
            return torch.tensor([value(v) for v in variants], device=where).view(-1, 1, 1, 1)

        self._rate, self._l2 = column(lambda v: v.learning_rate), column(lambda v: v.l2)
        self._squared = column(lambda v: v.penalty == "squared")
        self._normalised = column(lambda v: v.step == "normalised")
        self._pictures = torch.stack([ascent.first(size) for ascent in self.ascents]).to(where)
        self.lengths = torch.zeros(len(variants), self.iterations, device=where)
        if checkpoint and checkpoint.exists():
            self._restore(checkpoint)
        else:
            self._keep()

    @property
    def iterations(self) -> int:
        """Those of the longest ascent."""
        return self.ascents[0].variant.iterations

    def run(self) -> Iterator[int]:
        """Iterate to the end; gives after each iteration how many ascents took part."""
        while self.done < self.iterations:
            count = sum(ascent.variant.iterations > self.done for ascent in self.ascents)
            self._iterate(count)
            self.done += 1
            self._keep()
            if self._file and (self.done % CHECKPOINT_EVERY == 0 or self.done == self.iterations):
                self._save(self._file)
            yield count

    def _iterate(self, count: int) -> None:
        pictures = self._pictures[:count]
        shifts = [
            (int(rows), int(columns)) for rows, columns in (s[self.done] for s in self._shifts[:count])
        ]
        back = [(-rows, -columns) for rows, columns in shifts]
        targets = [ascent.target for ascent in self.ascents[:count]]
        # The penalty does not see the shift, so that the gradient is shifted back, not the picture.
        gradient = rolled(self._slope(rolled(pictures, shifts), targets), back)
        self.lengths[:count, self.done] = length(gradient).flatten()
        gradient -= pictures * self._pull(pictures, count)
        gradient /= torch.where(self._normalised[:count], positive(length(gradient)), 1.0)
        pictures += self._rate[:count] * gradient
        frozen = self._slope.frozen
        torch.clamp(pictures, frozen.black, frozen.white, out=pictures)
        due = [place for place, ascent in enumerate(self.ascents[:count]) if self._blurs(ascent.variant)]
        if due:
            pictures[due] = self._blur @ pictures[due] @ self._blur.T

    def _pull(self, pictures: torch.Tensor, count: int) -> torch.Tensor:
        """What the picture is multiplied by in the gradient of the penalty: λ/‖x‖, or 2λ squared."""
        l2 = self._l2[:count]
        return torch.where(self._squared[:count], 2 * l2, l2 / positive(length(pictures)))

    def _blurs(self, variant: Variant) -> bool:
        return variant.blur_every is not None and self.done % variant.blur_every == 0

    def _keep(self) -> None:
        due = [place for place, ascent in enumerate(self.ascents) if self.done in ascent.keep]
        if due:
            for place, picture in zip(due, self._slope.frozen.pictures(self._pictures[due]), strict=True):
                self.kept[place][self.done] = picture

    def _save(self, file: Path) -> None:
        state = {"done": self.done, "pictures": self._pictures, "lengths": self.lengths}
        kept = [{key: torch.from_numpy(picture) for key, picture in one.items()} for one in self.kept]
        new = file.with_suffix(".new")
        torch.save(state | {"kept": kept}, new)
        new.replace(file)

    def _restore(self, file: Path) -> None:
        where = self._pictures.device
        state = torch.load(file, map_location="cpu", weights_only=True)
        self.done, self._pictures = state["done"], state["pictures"].to(where)
        self.lengths = state["lengths"].to(where)
        self.kept = [{key: picture.numpy() for key, picture in one.items()} for one in state["kept"]]


def batches_of(ascents: Sequence[Ascent], size: int) -> list[list[Ascent]]:
    """Ascents in batches of at most `size`, those of like length together."""
    ordered = sorted(ascents, key=lambda ascent: -ascent.variant.iterations)
    return [list(ordered[start : start + size]) for start in range(0, len(ordered), size)]


def rolled(pictures: torch.Tensor, shifts: Sequence[tuple[int, int]]) -> torch.Tensor:
    """Each picture (3, h, w) of (n, 3, h, w) moved down and right; what leaves it comes in opposite."""
    return torch.stack(
        [torch.roll(picture, shift, (1, 2)) for picture, shift in zip(pictures, shifts, strict=True)]
    )


def length(pictures: torch.Tensor) -> torch.Tensor:
    """The Euclidean norm of each picture (n, 3, h, w), (n, 1, 1, 1)."""
    return pictures.flatten(1).norm(dim=1).view(-1, 1, 1, 1)


def positive(lengths: torch.Tensor) -> torch.Tensor:
    """The lengths, 1 in the place of 0: nothing divided by it stays nothing."""
    return torch.where(lengths > 0, lengths, 1.0)


def blur_matrix(size: int, sigma: float) -> torch.Tensor:
    """The matrix B whose B x Bᵀ is the practical's (scipy's) Gaussian filter of x (size, size)."""
    return torch.from_numpy(gaussian_filter1d(np.eye(size), sigma, axis=0)).float()
