"""Pictures that a network takes for a class, made by gradient ascent, in many variants at once.

Questions 8 to 11 of practical 3-b. What a network says of a picture is measured on the picture as it
is saved, clamped and rounded to 8 bits, in float32.
"""

from typing import Self

import numpy as np
from pydantic import Field, PositiveInt, model_validator

from experiments.nn import device
from experiments.nn.backbones import BackboneName
from experiments.transfer.photo_networks import About, about
from experiments.visualize import drawing, frozen, pictures, subjects
from experiments.visualize.ascent import Ascent, Batch, Slope, batches_of
from experiments.visualize.drawing import Track
from experiments.visualize.drawn import Drawn, describe, judge
from experiments.visualize.frozen import Frozen
from experiments.visualize.variants import CLASSES, VARIANTS, Variant
from report import stage
from report.errors import ColophonError
from report.stage import quantity

JITTER_SIZE = 224  # side of the picture that max_jitter is given for


class Settings(stage.Settings):
    # Not `backbone`: a needed stage that is expanded over the same setting is narrowed to its value,
    # and the weights of the networks that judge are needed too.
    network: BackboneName = Field(
        default="torchvision/squeezenet1_1", description="a profile names several, one run each"
    )
    others: tuple[BackboneName, ...] = Field(
        default=("torchvision/vgg16",),
        description="networks that judge the pictures too; the network itself is left out",
    )
    collection: str = Field(default=subjects.VALIDATION_25, description="the pictures to start from")
    images: int = Field(default=25, ge=1, description="of them")
    variants: tuple[Variant, ...] = Field(default=VARIANTS, min_length=1, description="the rows to run")
    limited: dict[BackboneName, dict[str, PositiveInt]] = Field(
        default={},
        description="network: the variants it runs, each with the first so many of its seeds; "
        "networks not named run all",
    )
    classes: dict[str, str] = Field(default=CLASSES, description="the class in each role of the variants")
    most_iterations: int | None = Field(
        default=None, ge=1, description="cut every variant to so many iterations, for a quick look"
    )
    rate_factor: float = Field(
        default=1.0,
        gt=0,
        le=1e3,
        description="of every learning rate: a small picture is short, and so are steps",
    )
    max_jitter: int = Field(
        default=16, ge=0, description="pixels of a picture of 224; the practical's. Others in proportion"
    )
    sigma: float = Field(default=0.5, gt=0, description="of the blur, in pixels; the practical's")
    batch_size: int = Field(default=8, ge=1, description="more pictures leave a core's cache")
    precision: device.PrecisionChoice = Field(
        default="auto", description="of the gradient; pictures are kept and judged in float32"
    )

    @model_validator(mode="after")
    def _names(self) -> Self:
        if not set(self.others) - {self.network}:
            raise ValueError("others: no network but the network itself, none can judge its pictures")
        names = [variant.name for variant in self.variants]
        if len(set(names)) < len(names):
            raise ValueError(f"variants: {max(names, key=names.count)} is there twice")
        if not all(self.limited.values()):
            raise ValueError("limited: a network without a variant; leave it out of the profile's networks")
        unknown = {name for chosen in self.limited.values() for name in chosen} - set(names)
        if unknown:
            raise ValueError(f"limited: no variant is called {', '.join(sorted(unknown))}")
        return self


class Metrics(About):
    others: list[str] = quantity("the other networks' titles")
    collection: str = quantity("what the pictures to start from are called")
    pictures: int = quantity("of them, a count")
    jitter: int = quantity("largest shift at each iteration", "pixels")
    sigma: float = quantity("of the blur", "pixels")
    precision: str = quantity("number format of the gradient where the variant does not name one")
    gradients: int = quantity("those computed; variants that differ in length alone share them, a count")
    dead: int = quantity("of them, gradients of the score that were 0, a count")
    picture_logit: float = quantity(
        "mean score of the true class of those pictures, before the softmax", "", 1
    )
    picture_logit_highest: float = quantity("the highest score of the true class among them", "", 1)
    picture_variation: float = quantity("their mean total variation", "grey levels", 1)
    variants: dict[str, Drawn] = quantity("by name")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes pictures-<variant>, trace-<variant> and, of the variants to animate, frames-<variant>."""
    study = Study(settings, inputs)
    courses = drawing.climb(study.batches(outputs), outputs, study.own.backbone.title)
    tracks = {
        (ascent.variant.name, ascent.seed): courses[ascent.course].until(ascent.variant.iterations)
        for ascent in study.ascents
    }
    judged = outputs.progress(study.variants, unit="variants", label="what the networks say")
    drawn = {variant.name: study.describe(variant, tracks, outputs) for variant in judged}
    found = study.found
    scores = pictures.logits(study.own, found.images)[np.arange(len(found)), found.labels]
    return Metrics.model_validate(
        about(study.own.backbone)
        | {
            "others": [network.backbone.title for network in study.networks[1:]],
            "collection": found.title,
            "pictures": len(found),
            "jitter": study.jitter,
            "sigma": settings.sigma,
            "precision": study.precision(settings.precision),
            "gradients": sum(len(track.lengths) for track in courses.values()),
            "dead": sum(int(np.sum(track.lengths == 0)) for track in courses.values()),
            "picture_logit": float(np.mean(scores)),
            "picture_logit_highest": float(np.max(scores)),
            "picture_variation": float(pictures.total_variation(found.images).mean()),
            "variants": drawn,
        }
    )


class Study:
    """One network's variants, the pictures that they start from and the networks that judge them.

    Raises ColophonError for networks that know different classes, a class that does not exist, and a
    start of which there is no picture.
    """

    def __init__(self, settings: Settings, inputs: stage.Inputs) -> None:
        self.settings = settings
        self.networks = networks_of(settings, inputs)
        self.own = self.networks[0]
        backbone = self.own.backbone
        self.found = subjects.load(settings.collection, backbone, settings.images, inputs.data)
        self.jitter = round(settings.max_jitter * backbone.size / JITTER_SIZE)
        allowed = settings.limited.get(settings.network)
        self.variants = [
            variant.adapted(
                None if allowed is None else allowed[variant.name],
                settings.most_iterations,
                settings.rate_factor,
                self.precision(variant.precision or settings.precision),
            )
            for variant in settings.variants
            if allowed is None or variant.name in allowed
        ]
        self.ascents = drawing.plan(self.variants, settings.classes, self.found, self.own)
        self._targets = {ascent.variant.name: ascent.target for ascent in self.ascents}

    def precision(self, asked: device.PrecisionChoice) -> device.Precision:
        """What is asked for, on the network's device."""
        return device.resolve(asked, self.own.where)

    def batches(self, outputs: stage.Outputs) -> list[Batch]:
        """Ascents of one precision and of like length side by side, a checkpoint a batch."""
        targets = sorted(set(self._targets.values()))
        alike: dict[device.Precision, list[Ascent]] = {}
        for ascent in drawing.merged(self.ascents):
            alike.setdefault(self.precision(ascent.variant.precision or "auto"), []).append(ascent)
        made: list[Batch] = []
        for precision, group in alike.items():
            slope = Slope(self.own, targets, precision)
            for part in batches_of(group, self.settings.batch_size):
                file = outputs.checkpoint / f"batch-{len(made)}.pt"
                made.append(Batch(slope, part, self.jitter, self.settings.sigma, file))
        return made

    def describe(
        self, variant: Variant, tracks: dict[tuple[str, int], Track], outputs: stage.Outputs
    ) -> Drawn:
        """The metrics of a variant; writes its arrays."""
        first, classes, target = self.variants[0], self.settings.classes, self._targets[variant.name]
        own = [tracks[variant.name, seed] for seed in variant.seeds]
        alike = (variant.target, variant.start) == (first.target, first.start) and variant is not first
        return describe(
            variant,
            {
                "target": self.found.classes[target],
                "start": classes.get(variant.start, variant.start),
            },
            own,
            [judge(track, drawing.traced(variant), target, self.networks) for track in own],
            [tracks.get((first.name, seed)) for seed in variant.seeds] if alike else [],
            self.own,
            outputs,
        )


def networks_of(settings: Settings, inputs: stage.Inputs) -> list[Frozen]:
    """The network itself, then the others. Raises ColophonError where they know different classes."""
    names = [settings.network, *(name for name in settings.others if name != settings.network)]
    networks = [frozen.load(name, inputs) for name in names]
    if len({network.backbone.is_small for network in networks}) > 1:
        raise ColophonError(
            f"{', '.join(names)} know different classes: letters and ImageNet's",
            "Name networks of one source task under `others`.",
        )
    return networks
