"""Pictures on the way from one noise vector to another, and whether they are still digits."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from experiments.generate.features import Recognizer, answer, shrunk
from experiments.generate.kept import draw, load_generator, noise
from experiments.generate.means import share
from experiments.generate.paths import KINDS, Kind, between
from experiments.nn import device
from experiments.statistics import Mean
from report import stage
from report.stage import quantity


class WayRun(stage.Metrics):
    seed: int = quantity("of the training that made the generator")
    ends: float = quantity("share of confidently named pictures at the ends", "fraction", 1)
    line: float = quantity("the same in the middle of straight lines", "fraction", 1)
    sphere: float = quantity("the same in the middle of great circles", "fraction", 1)


class Step(stage.Metrics):
    alpha: float = quantity("place on the way, from 0 to 1", "", 2)
    line: Mean = quantity("share of confidently named pictures there on straight lines, over the seeds")
    sphere: Mean = quantity("the same on great circles, over the seeds")


class Ways(stage.Metrics):
    pairs: int = quantity("pairs of noise vectors for each seed, a count")
    shown: int = quantity("pairs whose pictures are kept, a count")
    noise: int = quantity("numbers in a noise vector, a count")
    confident: float = quantity("probability at which a picture counts as named confidently", "fraction", 0)
    length_ends: float = quantity("mean length of the noise at the ends", "", 1)
    length_line: float = quantity("mean length of the noise in the middle of straight lines", "", 1)
    length_sphere: float = quantity("mean length of the noise in the middle of great circles", "", 1)
    ends: Mean = quantity("share of confidently named pictures at the ends, over the seeds")
    line: Mean = quantity("the same in the middle of straight lines, over the seeds")
    sphere: Mean = quantity("the same in the middle of great circles, over the seeds")
    steps: list[Step] = quantity("the same at each step")
    runs: list[WayRun] = quantity("one entry a seed")


@dataclass(frozen=True)
class Walked:
    """The ways of one generator.

    Attributes:
        seed: of its training.
        size: of its noise.
        confident: share of confidently named pictures at each step, (steps,), of each kind of way.
        lengths: mean length of the noise at each step, (steps,).
        pictures: of the first pairs, uint8 (shown, steps, s, s).
    """

    seed: int
    size: int
    confident: dict[Kind, np.ndarray]
    lengths: dict[Kind, np.ndarray]
    pictures: dict[Kind, np.ndarray]


def walk(
    network: Recognizer,
    result: stage.Result,
    seed: int,
    noise_seed: int,
    pairs: int,
    shown: int,
    steps: int,
    confident: float,
) -> Walked:
    """Go from one end to the other of so many pairs, in so many steps, the ends included."""
    generator = load_generator(result, seed).to(device.choose())
    size = generator.shape.noise
    first, second = noise(2 * pairs, size, noise_seed).double().numpy().reshape(2, pairs, size)
    named, lengths, kept = {}, {}, {}
    for kind in KINDS:
        vectors = between(kind, first, second, np.linspace(0, 1, steps))
        images = draw(generator, torch.from_numpy(vectors.reshape(-1, size)))
        sure = answer(network, shrunk(images)).confidence >= confident
        named[kind] = sure.reshape(pairs, steps).mean(0)
        lengths[kind] = np.linalg.norm(vectors, axis=2).mean(0)
        kept[kind] = images.reshape(pairs, steps, *images.shape[1:])[:shown]
    return Walked(seed, size, named, lengths, kept)


def summarize(walked: list[Walked], about: dict[str, Any]) -> Ways:
    """The ways of generators of at least two seeds; `about` are the fields that are not measured."""
    steps = len(walked[0].confident["line"])
    middle = steps // 2

    def length(kind: Kind, step: int) -> float:
        return float(np.mean([one.lengths[kind][step] for one in walked]))

    runs = [
        WayRun(
            seed=one.seed,
            ends=float(one.confident["line"][[0, -1]].mean()),
            line=one.confident["line"][middle],
            sphere=one.confident["sphere"][middle],
        )
        for one in walked
    ]
    return Ways(
        **about,
        shown=len(walked[0].pictures["line"]),
        noise=walked[0].size,
        length_ends=(length("line", 0) + length("line", -1)) / 2,
        length_line=length("line", middle),
        length_sphere=length("sphere", middle),
        ends=share([one.ends for one in runs]),
        line=share([one.line for one in runs]),
        sphere=share([one.sphere for one in runs]),
        steps=[
            Step(
                alpha=step / (steps - 1),
                **{kind: share([float(one.confident[kind][step]) for one in walked]) for kind in KINDS},
            )
            for step in range(steps)
        ],
        runs=runs,
    )
