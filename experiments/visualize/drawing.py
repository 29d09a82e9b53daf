"""From a list of variants to the pictures they lead to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from experiments.visualize import subjects
from experiments.visualize.ascent import Ascent, Batch
from experiments.visualize.frozen import Frozen
from experiments.visualize.subjects import Subjects
from experiments.visualize.variants import NOISE, Variant
from report.errors import ColophonError
from report.stage import Outputs

# Iterations at which a picture is judged for a curve (of logarithmic axis), besides the marks and the last.
TRACED = frozenset({0, 1, 2, 5} | {t * 10**power for t in (10, 15, 20, 30, 50, 70) for power in range(4)})


@dataclass(frozen=True)
class Track:
    """What one ascent left.

    Attributes:
        kept: iteration -> picture, uint8 (size, size, 3).
        lengths: of the score's gradient at each iteration, (iterations,).
    """

    kept: dict[int, np.ndarray]
    lengths: np.ndarray

    def pictures(self, iterations: Sequence[int]) -> np.ndarray:
        """Those after the iterations, uint8 (n, size, size, 3)."""
        return np.stack([self.kept[iteration] for iteration in iterations])

    def until(self, iteration: int) -> "Track":
        """What the ascent would have left, had it ended there."""
        return Track(self.kept, self.lengths[:iteration])


def traced(variant: Variant) -> list[int]:
    """The iterations after which the pictures of a variant are judged, rising."""
    points = TRACED if variant.curve else ()
    return sorted({t for t in points if t < variant.iterations} | set(shown(variant)))


def shown(variant: Variant) -> list[int]:
    """The iterations that metrics tell of: the start, the marks and the end."""
    return sorted({0, *variant.marks, variant.iterations})


def animated(variant: Variant) -> list[int]:
    """The iterations whose pictures are frames, none where the variant is not animated."""
    if variant.frames_every is None:
        return []
    return sorted({*range(0, variant.iterations, variant.frames_every), variant.iterations})


def plan(
    variants: Sequence[Variant], classes: dict[str, str], found: Subjects, network: Frozen
) -> list[Ascent]:
    """The ascents of the variants, one a seed.

    Args:
        classes: the class in each role that a variant's `target` or `start` may name.
        found: the pictures to start from.

    Raises ColophonError for a class that does not exist, and for a start of which there is no picture.
    """
    planned = []
    for variant in variants:
        target = subjects.class_index(classes.get(variant.target, variant.target), found.classes)
        start = None
        if variant.start != NOISE:
            picture = picture_of(classes.get(variant.start, variant.start), found)
            start = network.normalized(picture[None])[0].cpu()
        keep = frozenset(traced(variant) + animated(variant))
        planned += [Ascent(variant, seed, target, start, keep) for seed in variant.seeds]
    return planned


def picture_of(name: str, found: Subjects) -> np.ndarray:
    """The first picture of a class, uint8 (size, size, 3). Raises ColophonError where there is none."""
    label = subjects.class_index(name, found.classes)
    places = np.flatnonzero(found.labels == label)
    if not len(places):
        raise ColophonError(
            f"none of the {len(found)} {found.title} shows {name}",
            f"Start from one of: {', '.join(dict.fromkeys(found.names()))}.",
        )
    return found.images[places[0]]


def merged(ascents: Sequence[Ascent]) -> list[Ascent]:
    """Of the ascents of each course the longest, which keeps the pictures of all of them."""
    courses: dict[tuple[object, ...], list[Ascent]] = {}
    for ascent in ascents:
        courses.setdefault(ascent.course, []).append(ascent)
    return [
        replace(
            max(alike, key=lambda ascent: ascent.variant.iterations),
            keep=frozenset().union(*(ascent.keep for ascent in alike)),
        )
        for alike in courses.values()
    ]


def climb(batches: Sequence[Batch], outputs: Outputs, label: str) -> dict[tuple[object, ...], Track]:
    """Run batch after batch to the end; the track of each course."""
    left = sum(batch.iterations - batch.done for batch in batches)
    for _ in outputs.progress(
        (count for batch in batches for count in batch.run()), left, "iterations", label
    ):
        pass
    return {
        ascent.course: Track(kept, lengths[: ascent.variant.iterations])
        for batch in batches
        for ascent, kept, lengths in zip(
            batch.ascents, batch.kept, batch.lengths.cpu().numpy(), strict=True
        )
    }
