"""What becomes of attacks that reached their target, and of controls in their place."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from experiments.nn.inference import in_batches
from experiments.visualize import disturbances
from experiments.visualize.fooled_example import Size, size
from experiments.visualize.fooling import Fooled
from experiments.visualize.frozen import Frozen
from experiments.visualize.shares import Attacks, Kept, Share, share
from report import stage
from report.stage import quantity

QUALITIES = (95, 75)  # of JPEG: nearly lossless, and what software uses if it isn't told


class Stop(stage.Metrics):
    iterations: float = quantity("iterations to get there, median over the pictures", "", 1)
    probability: float = quantity("probability of the target, mean over the pictures", "fraction", 0)
    size: Size = quantity("size of the perturbation, median over the pictures")
    outside: float = quantity("values that lie beyond black or white", "fraction", 2)
    furthest: float = quantity("how far the furthest lies beyond", "grey levels", 1)
    alignment: float = quantity("mean cosine of perturbation and first gradient", "", 2)
    treatments: list[Kept] = quantity("as it is, rounded to 8 bits, then saved as JPEG")


class Untouched(stage.Metrics):
    """What a network says of clean pictures after something was done to them."""

    title: str = quantity("what was done")
    changed: Share = quantity("share of the pictures that are named otherwise than before")


@dataclass(frozen=True)
class Run:
    """The attacks that reached their target: what they are, and what came of them."""

    model: Frozen
    attacks: Attacks
    clean: torch.Tensor
    fooled: Fooled

    def said(self, normalized: torch.Tensor) -> np.ndarray:
        return in_batches(self.model.logits, normalized).argmax(1).cpu().numpy()


def judge(done: Run, beyond: int, noise_times: float, seed: int) -> dict[str, Any]:
    """What became of the attacks, and of what was put in their place."""
    model, attacks, fooled = done.model, done.attacks, done.fooled
    levels = model.grey_levels(done.clean)
    perturbation = model.grey_levels(fooled.boundary) - levels
    random = disturbances.noise(perturbation, seed)
    controls = {
        "noise of the same length": random,
        f"noise {noise_times:g} times as long": noise_times * random,
        "the attack's pixels shuffled": disturbances.shuffled(perturbation, seed),
    }
    return {
        "boundary": stop(done, fooled.boundary, 0),
        "further": stop(done, fooled.further, beyond),
        "untouched": untouched(done),
        "controls": [
            attacks.kept(title, done.said(model.from_grey_levels(levels + added)))
            for title, added in controls.items()
        ],
        "noise_alignment": float(
            disturbances.cosines(model.from_grey_levels(levels + random) - done.clean, fooled.first)
            .abs()
            .mean()
        ),
    }


def stop(done: Run, pictures: torch.Tensor, beyond: int) -> Stop:
    """The attacks as they stand after `beyond` iterations past the boundary."""
    model, attacks, fooled = done.model, done.attacks, done.fooled
    levels, saved = model.grey_levels(pictures), model.pictures(pictures)
    logits = in_batches(model.logits, pictures).cpu()
    wanted = logits.softmax(1).gather(1, torch.from_numpy(attacks.target)[:, None])[:, 0]
    treatments = [attacks.kept("as it is", logits.argmax(1).numpy())]
    ways = {"rounded to 8 bits": saved} | compressed(saved)
    treatments += [attacks.kept(way, done.said(model.normalized(after))) for way, after in ways.items()]
    excess = torch.maximum(-levels, levels - 255).clamp(min=0)
    return Stop(
        iterations=float(np.median(attacks.by_picture(fooled.iterations.numpy() + beyond))),
        probability=float(np.mean(attacks.by_picture(wanted.numpy()))),
        size=size(levels - model.grey_levels(done.clean), attacks.by_picture),
        outside=float((excess > 0.01).double().mean()),  # less is rounding of float32
        furthest=float(excess.max()),
        alignment=float(disturbances.cosines(pictures - done.clean, fooled.first).mean()),
        treatments=treatments,
    )


def untouched(done: Run) -> list[Untouched]:
    """What JPEG does by itself: to the clean pictures of the attacks, each taken once."""
    _, once = np.unique(done.attacks.owner, return_index=True)
    named, saved = done.attacks.named[once], done.model.pictures(done.clean[once])
    return [
        Untouched(title=way, changed=share(done.said(done.model.normalized(after)) != named))
        for way, after in compressed(saved).items()
    ]


def compressed(pictures: np.ndarray) -> dict[str, np.ndarray]:
    """Pictures uint8 (n, h, w, 3) after JPEG of each quality."""
    return {f"JPEG {quality}": disturbances.jpeg(pictures, quality) for quality in QUALITIES}
