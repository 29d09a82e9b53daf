"""What came of a variant: metrics of its pictures at some iterations, and the arrays behind them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from experiments.visualize import pictures
from experiments.visualize.drawing import Track, animated, shown
from experiments.visualize.frozen import Frozen
from experiments.visualize.variants import Variant
from report import stage
from report.stage import quantity

SETTINGS = ("learning_rate", "l2", "penalty", "step", "blur_every", "iterations")  # told in the metrics


class Mark(stage.Metrics):
    """A variant after so many iterations; a list has a value a seed, in their order."""

    iteration: int = quantity("gradient steps so far, a count")
    probability: list[float] = quantity("that the network gives the class", "fraction", 1)
    logit: list[float] = quantity("the network's score of the class before the softmax", "", 1)
    elsewhere: list[float] = quantity("mean probability that the other networks give it", "fraction", 1)
    recognised: int = quantity("pictures for which the class comes first, a count")
    recognised_elsewhere: int = quantity(
        "pictures for which it comes first in every other network, a count"
    )
    variation: list[float] = quantity("mean absolute difference of neighbouring pixels", "grey levels", 1)
    length: list[float] = quantity("Euclidean norm of the normalised picture", "", 1)
    moved: list[float] = quantity("root mean square difference from the start", "grey levels", 1)
    distance: list[float] | None = quantity(
        "root mean square difference from the first variant's picture of the same seed", "grey levels", 1
    )
    spread: float | None = quantity(
        "root mean square difference of the pictures of two seeds, mean over the pairs", "grey levels", 1
    )


class Drawn(stage.Metrics):
    """A variant and what came of it."""

    target: str = quantity("the class that the ascent climbs towards")
    start: str = quantity("noise, or the class of the picture it starts from")
    learning_rate: float = quantity("η, of the gradient step")
    l2: float = quantity("λ, the weight of the penalty")
    penalty: str = quantity("norm or squared")
    step: str = quantity("plain, or normalised: divided by the gradient's length")
    blur_every: int | None = quantity("iterations between blurs; none without", "iterations")
    iterations: int = quantity("gradient steps in all, a count")
    seeds: int = quantity("pictures, each from another seed, a count")
    gradient: float = quantity("mean length of the score's gradient over iterations and seeds", "", 1)
    pull: float = quantity("mean length of the penalty's gradient at the end, over the seeds")
    marks: list[Mark] = quantity("the start, the marks and the end, from early to late")
    pictures: str = quantity("array of the pictures, uint8 (seeds, marks, size, size, 3)")
    trace: str = quantity(
        "array (seeds, points, 5): iteration, probability, logit, probability elsewhere, variation"
    )
    frames: str | None = quantity("array of the first seed's pictures in order, uint8 (n, size, size, 3)")


@dataclass(frozen=True)
class Judged:
    """What networks say of the pictures of a track, and their total variation; each (points,)."""

    iterations: np.ndarray
    probability: np.ndarray
    logit: np.ndarray
    elsewhere: np.ndarray
    recognised: np.ndarray
    recognised_elsewhere: np.ndarray
    variation: np.ndarray

    def trace(self) -> np.ndarray:
        """Float32 (points, 5), as `Drawn.trace` says."""
        columns = (self.iterations, self.probability, self.logit, self.elsewhere, self.variation)
        return np.stack(columns, axis=1).astype(np.float32)


def describe(
    variant: Variant,
    about: dict[str, str],
    tracks: Sequence[Track],
    judged: Sequence[Judged],
    reference: Sequence[Track | None],
    network: Frozen,
    outputs: stage.Outputs,
) -> Drawn:
    """Metrics of a variant; writes its arrays.

    Args:
        about: target and start in words.
        tracks, judged: one a seed.
        reference: the tracks of the same seeds that it is compared with; none where none is like it.
    """
    iterations = shown(variant)
    outputs.save(f"pictures-{variant.name}", np.stack([track.pictures(iterations) for track in tracks]))
    outputs.save(f"trace-{variant.name}", np.stack([one.trace() for one in judged]))
    frames = animated(variant)
    if frames:
        outputs.save(f"frames-{variant.name}", tracks[0].pictures(frames))
    marks = [mark(iteration, tracks, judged, reference, network) for iteration in iterations]
    lengths = np.stack([track.lengths for track in tracks])
    squared = variant.penalty == "squared"
    return Drawn.model_validate(
        about
        | {key: getattr(variant, key) for key in SETTINGS}
        | {
            "seeds": len(tracks),
            "gradient": float(lengths.mean()),
            "pull": variant.l2 * (2 * float(np.mean(marks[-1].length)) if squared else 1),
            "marks": marks,
            "pictures": f"pictures-{variant.name}",
            "trace": f"trace-{variant.name}",
            "frames": f"frames-{variant.name}" if frames else None,
        }
    )


def judge(track: Track, iterations: Sequence[int], target: int, networks: Sequence[Frozen]) -> Judged:
    """What the networks, the ascent's own one first, say of a track's pictures at the iterations."""
    images = track.pictures(iterations)
    scores = [pictures.logits(network, images) for network in networks]
    probabilities = [softmax(found.astype(float), axis=1)[:, target] for found in scores]
    first = [found.argmax(axis=1) == target for found in scores]
    return Judged(
        iterations=np.array(iterations),
        probability=probabilities[0],
        logit=scores[0][:, target],
        elsewhere=np.mean(probabilities[1:], axis=0),
        recognised=first[0],
        recognised_elsewhere=np.all(first[1:], axis=0),
        variation=pictures.total_variation(images),
    )


def mark(
    iteration: int,
    tracks: Sequence[Track],
    judged: Sequence[Judged],
    reference: Sequence[Track | None],
    network: Frozen,
) -> Mark:
    """The metrics of a variant's pictures after so many iterations."""
    images = np.stack([track.kept[iteration] for track in tracks])
    places = [int(np.flatnonzero(one.iterations == iteration)[0]) for one in judged]

    def values(name: str) -> list[float]:
        return [float(getattr(one, name)[place]) for one, place in zip(judged, places, strict=True)]

    beside = [track.kept.get(iteration) if track else None for track in reference]
    distances = [pictures.distance(a, b) for a, b in zip(images, beside, strict=False) if b is not None]
    return Mark(
        iteration=iteration,
        probability=values("probability"),
        logit=values("logit"),
        elsewhere=values("elsewhere"),
        recognised=int(sum(values("recognised"))),
        recognised_elsewhere=int(sum(values("recognised_elsewhere"))),
        variation=values("variation"),
        length=network.normalized(images).flatten(1).norm(dim=1).tolist(),
        moved=[
            pictures.distance(image, track.kept[0]) for image, track in zip(images, tracks, strict=True)
        ],
        distance=distances if len(distances) == len(images) else None,
        spread=pictures.spread(images) if len(images) > 1 else None,
    )
