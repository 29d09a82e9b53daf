"""Whether pictures that were made to fool one network fool another.

They are judged as they were saved, with 8 bits a value, beside noise of the same length on the same
pictures. Changed means: named otherwise than the same network names the clean picture.
"""

from typing import Any

import numpy as np
import torch
from pydantic import Field

from experiments.nn import backbones
from experiments.nn.backbones import BackboneName
from experiments.visualize import disturbances, frozen, pictures, subjects
from experiments.visualize.frozen import Frozen
from experiments.visualize.shares import Attacks, Kept
from report import stage
from report.stage import quantity


class Settings(stage.Settings):
    backbones: tuple[BackboneName, ...] = Field(
        ("torchvision/squeezenet1_1",), min_length=1, description="the networks that judge"
    )
    collection: str = Field("imagenet/val25", description="that of visualize/adversarial")
    images: int = Field(25, ge=1, le=1000, description="those of visualize/adversarial")
    seed: int = Field(1, ge=0, lt=2**31, description="draws the noise")


class Pair(stage.Metrics):
    source: str = quantity("the network that was attacked")
    judge: str = quantity("the network that judges")
    boundary: Kept = quantity("pictures from the boundary, saved")
    further: Kept = quantity("pictures from some iterations beyond, saved")
    noise: Kept = quantity("noise as long as the perturbations further on, saved")


class Metrics(stage.Metrics):
    pairs: list[Pair] = quantity("each attacked network with each other one as its judge")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    judges = [frozen.load(name, inputs) for name in settings.backbones]
    sources = inputs.all("visualize/adversarial")
    pairs = [
        pair(source, judge, settings, inputs)
        for source in outputs.progress(sources, unit="networks", label="judging")
        for judge in judges
        if judge.backbone.name != source.metrics["backbone"]
    ]
    return Metrics(pairs=pairs)


def pair(source: stage.Result, judge: Frozen, settings: Settings, inputs: stage.Inputs) -> Pair:
    """What `judge` says of the attacks on `source` that reached their target."""
    attacked = backbones.find(source.metrics["backbone"])
    clean = subjects.load(settings.collection, attacked, settings.images, inputs.data).images
    reached, owner = np.asarray(source.array("reached")), np.asarray(source.array("owner"))
    owner, target = owner[reached], np.asarray(source.array("target"))[reached]

    def said(images: np.ndarray) -> np.ndarray:
        return pictures.logits(judge, images).argmax(1)

    attacks = Attacks(owner, target, said(clean)[owner])
    boundary, further = (np.asarray(source.array(name))[reached] for name in ("boundary", "further"))
    ways: dict[str, Any] = {
        "boundary": boundary,
        "further": further,
        "noise": noisy(clean[owner], further, settings.seed),
    }
    titles = {"boundary": "at the boundary", "further": "beyond it", "noise": "noise"}
    return Pair(
        source=attacked.title,
        judge=judge.backbone.title,
        **{name: attacks.kept(titles[name], said(images)) for name, images in ways.items()},
    )


def noisy(clean: np.ndarray, fooled: np.ndarray, seed: int) -> np.ndarray:
    """Pictures uint8 with noise as long as what lies between them and the fooled ones."""
    levels, attacked = (torch.from_numpy(array.astype(np.float32)) for array in (clean, fooled))
    added = levels + disturbances.noise(attacked - levels, seed)
    return added.clamp(0, 255).round().byte().numpy()
