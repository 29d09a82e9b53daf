"""The practical's adversarial examples: one to look at, and what is true of many.

Each picture is attacked towards a few classes drawn at random, never the one that the network names
nor the true one. What becomes of an attack is judged where it stops, on the boundary to the target,
and some iterations beyond. Controls are noise of the same length and the same perturbation shuffled.
"""

from typing import Any

import numpy as np
import torch
from pydantic import Field

from experiments.nn.backbones import BackboneName
from experiments.nn.inference import in_batches
from experiments.transfer.photo_networks import About, about
from experiments.visualize import fooled_example, fooled_many, fooling, frozen, subjects
from experiments.visualize.fooled_example import Example
from experiments.visualize.fooled_many import Run, Stop, Untouched
from experiments.visualize.fooling import Fooled, Plan
from experiments.visualize.frozen import Frozen
from experiments.visualize.shares import Attacks, Kept, Share, share
from experiments.visualize.subjects import Subjects
from report import stage
from report.errors import ColophonError
from report.stage import quantity

TOGETHER = 24  # attacks at once: they leave one by one, and full batches are faster


class Settings(stage.Settings):
    backbone: BackboneName = Field("torchvision/squeezenet1_1", description="one run each")
    collection: str = Field("imagenet/val25", description="the pictures, or `letters`")
    images: int = Field(25, ge=1, le=1000, description="of them, from the first on")
    example: str = Field("quail", description="class of the picture to show; the practical's")
    example_target: str = Field("stingray", description="what it is to be taken for; the practical's")
    step: float = Field(1.0, gt=0, description="η in normalised space, as in the practical's call")
    iterations: int = Field(100, ge=1, le=10_000, description="as in the practical")
    beyond: int = Field(10, ge=0, le=1000, description="iterations after the target was reached")
    clamp: bool = Field(
        default=False, description="keep values within black and white; the practical does not"
    )
    targets: int = Field(3, ge=1, le=20, description="classes that each picture is attacked towards")
    noise_times: float = Field(10, gt=1, description="length of the stronger noise, in perturbations")
    seed: int = Field(1, ge=0, lt=2**31, description="draws targets, noise and orders of pixels")


class Metrics(About):
    collection: str = quantity("the pictures' name in the document")
    step: float = quantity("length of a step in normalised space")
    step_rms: float = quantity("root mean square of a step shared evenly by all values", "grey levels", 2)
    limit: int = quantity("iterations that an attack may take to the target, a count")
    beyond: int = quantity("iterations beyond the boundary, a count")
    clamp: bool = quantity("whether values were kept within black and white")
    example: Example = quantity("the example to look at")
    images: int = quantity("pictures attacked, a count")
    targets: int = quantity("classes that each picture was attacked towards, a count")
    attacks: int = quantity("attacks, a count")
    reached: int = quantity("attacks that reached their target, a count")
    fooled: Share = quantity("share of a picture's attacks that reached their target")
    dead: int = quantity("attacks that met a gradient of exactly zero, a count")
    ran_out: int = quantity("attacks that ran out of iterations, a count")
    boundary: Stop = quantity("attacks that reached their target, where they did")
    further: Stop = quantity("the same attacks some iterations beyond")
    untouched: list[Untouched] = quantity("the clean pictures of these attacks, saved as JPEG")
    noise_times: float = quantity("length of the stronger noise, in perturbations", "", 0)
    controls: list[Kept] = quantity("noise, stronger noise, and the perturbation's pixels shuffled")
    noise_alignment: float = quantity("mean size of the cosine of noise and first gradient", "", 4)


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes boundary, further uint8 (attacks, size, size, 3), the pictures as saved; owner, target,
    reached (attacks,); and what fooled_example writes."""
    model = frozen.load(settings.backbone, inputs)
    pictures = subjects.load(settings.collection, model.backbone, settings.images, inputs.data)
    plan = Plan(settings.step, settings.iterations, settings.beyond)
    bounds = (model.black, model.white) if settings.clamp else None
    example = fooled_example.make(
        model, pictures, (settings.example, settings.example_target), plan, bounds, outputs
    )
    clean = model.normalized(pictures.images)
    named = in_batches(model.logits, clean).argmax(1).cpu().numpy()
    target = draw_targets(named, pictures, settings.targets, settings.seed)
    owner = np.repeat(np.arange(len(pictures)), settings.targets)
    starts = range(0, len(owner), TOGETHER)
    parts = []
    for start in outputs.progress(starts, unit="groups of attacks", label=model.backbone.title):
        some = slice(start, start + TOGETHER)
        wanted = torch.from_numpy(target[some]).to(model.where)
        parts.append(fooling.fool(model.logits, clean[owner[some]], wanted, plan, bounds))
    fooled = fooling.joined(parts)
    reached = fooled.reached.numpy()
    save(outputs, model, fooled, owner=owner, target=target, reached=reached)
    if not reached.any():
        raise ColophonError(
            f"none of {len(owner)} attacks on {model.backbone.name} reached its target",
            "Allow more iterations, or draw more targets a picture.",
        )
    attacks = Attacks(owner[reached], target[reached], named[owner[reached]])
    done = Run(model, attacks, clean[owner[reached]], fooling.chosen(fooled, fooled.reached))
    dead = int(fooled.dead.sum())
    return Metrics.model_validate(
        about(model.backbone)
        | describe(settings, pictures, model)
        | fooled_many.judge(done, settings.beyond, settings.noise_times, settings.seed)
        | {
            "example": example,
            "attacks": len(owner),
            "reached": int(reached.sum()),
            "fooled": share([float(reached[owner == index].mean()) for index in range(len(pictures))]),
            "dead": dead,
            "ran_out": len(owner) - int(reached.sum()) - dead,
        }
    )


def draw_targets(named: np.ndarray, pictures: Subjects, count: int, seed: int) -> np.ndarray:
    """`count` classes for each picture, picture by picture, neither named (n,) nor true.

    Raises ColophonError where there are not so many.
    """
    drawn, rng = [], np.random.default_rng(seed)
    for taken in zip(named, pictures.labels, strict=True):
        free = np.setdiff1d(np.arange(len(pictures.classes)), taken)
        if len(free) < count:
            raise ColophonError(f"{count} targets, but {len(free)} classes are left", "Ask for fewer.")
        drawn.append(rng.choice(free, count, replace=False))
    return np.concatenate(drawn)


def save(outputs: stage.Outputs, model: Frozen, fooled: Fooled, **arrays: np.ndarray) -> None:
    for name, pictures in (("boundary", fooled.boundary), ("further", fooled.further)):
        outputs.save(name, model.pictures(pictures))
    for name, array in arrays.items():
        outputs.save(name, array)


def describe(settings: Settings, pictures: Subjects, model: Frozen) -> dict[str, Any]:
    kept = settings.model_dump(include={"step", "beyond", "clamp", "images", "targets", "noise_times"})
    spread = np.sqrt(np.mean(np.square(model.backbone.std)) / (3 * model.backbone.size**2))
    return kept | {
        "collection": pictures.title,
        "step_rms": float(255 * settings.step * spread),
        "limit": settings.iterations,
    }
