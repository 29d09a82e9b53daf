"""What the stages on photos share: which networks they run and which photos these see."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import Field
from torch import nn

from experiments.data import imagenet, letters, photos
from experiments.data.photos import Photo
from experiments.nn import backbones
from experiments.nn.backbones import Backbone, BackboneName, Family
from experiments.nn.weights import weights_of
from report import stage
from report.errors import ColophonError
from report.stage import quantity


class Settings(stage.Settings):
    backbones: tuple[BackboneName, ...] = Field(
        ("torchvision/squeezenet1_1",), min_length=1, description="the trained networks"
    )
    photos_from: str = Field(
        "imagenet/samples",
        description="collection with the photos to show: `letters`, or a folder in pipeline.yaml's data",
    )
    photos: tuple[str, ...] | None = Field(
        default=None,
        description="their files below that folder; None takes six that tell something, "
        "and of another folder all",
    )
    labelled_from: str = Field(
        "imagenet/samples", description="collection of photos with known classes, to count on"
    )
    labelled: int = Field(default=1000, ge=2, le=100_000, description="of them, spread evenly")


class About(stage.Metrics):
    """The network that a group of metrics is of."""

    backbone: str = quantity("the network's name in the profiles")
    title: str = quantity("the network's name in the document")
    family: Family = quantity("convolutional or transformer")
    slug: str = quantity("the network's name in the names of arrays and figures")
    image_size: int = quantity("side of the network's input", "pixels")


class PhotoName(stage.Metrics):
    file: str = quantity("the photo's name in its collection")
    title: str = quantity("what the photo is called in the document: its class, else its name")
    true: str | None = quantity("the photo's class, where it is one that the networks know")


@dataclass(frozen=True)
class Seen:
    """The photos of a stage, and the classes that all of its networks know."""

    classes: list[str]
    shown: list[Photo]
    labelled: list[Photo]

    def names(self) -> list[PhotoName]:
        """The shown photos as the document names them."""
        return [
            PhotoName(
                file=photo.name,
                title=photo.name.rsplit("/", 1)[-1].rsplit(".", 1)[0]
                if photo.label is None
                else self.classes[photo.label],
                true=None if photo.label is None else self.classes[photo.label],
            )
            for photo in self.shown
        ]


def seen(settings: Settings, inputs: stage.Inputs) -> Seen:
    """The photos that `settings` name.

    Raises ColophonError where the networks know different classes, or a collection has no such photos.
    """
    small = {backbones.find(name).is_small for name in settings.backbones}
    if len(small) > 1:
        raise ColophonError(
            f"{', '.join(settings.backbones)} know different classes: letters and ImageNet's",
            "Name networks of one source task under `backbones`.",
        )
    classes = letters.CLASSES if small.pop() else imagenet.CLASSES
    return Seen(
        classes,
        photos.shown(settings.photos_from, settings.photos, classes, inputs.data),
        photos.labelled(settings.labelled_from, settings.labelled, classes, inputs.data),
    )


def networks(settings: Settings, inputs: stage.Inputs) -> Iterator[tuple[Backbone, nn.Module]]:
    """Each network in turn, in evaluation mode."""
    for name in settings.backbones:
        backbone = backbones.find(name)
        yield backbone, backbones.load(backbone, weights_of(backbone, inputs))


def about(backbone: Backbone) -> dict[str, str | int]:
    """The fields of `About`."""
    return {
        "backbone": backbone.name,
        "title": backbone.title,
        "family": backbone.family,
        "slug": backbone.slug,
        "image_size": backbone.size,
    }
