"""The table of backbones: how each is built, which of its layers have names, what input it wants.

A backbone's name is also the name of its weights file in pipeline.yaml's `data` section, except for
`small/…`, whose weights the stage transfer/pretrain makes.
"""

import pickle
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import safetensors
import timm
import torch
from pydantic import AfterValidator
from safetensors.torch import load_file
from timm.layers.attention import Attention
from torch import nn
from torchvision import models

from experiments.nn import small
from report.errors import ColophonError

Family = Literal["convolutional", "transformer"]
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


@dataclass(frozen=True)
class Backbone:
    """A network to take features from.

    Attributes:
        name: as the profiles name it.
        title: as the document names it.
        family: `convolutional` or `transformer`.
        build: makes the network with random weights.
        layers: label of each layer -> path of the module whose output it is, from early to late.
        size: the input is `size` x `size` pixels.
        mean, std: of the input's three channels, for values in [0, 1].
    """

    name: str
    title: str
    family: Family
    build: Callable[[], nn.Module]
    layers: dict[str, str]
    size: int = 224
    mean: tuple[float, float, float] = IMAGENET[0]
    std: tuple[float, float, float] = IMAGENET[1]

    @property
    def is_small(self) -> bool:
        """Whether transfer/pretrain trains it, on drawn letters."""
        return self.name.startswith("small/")

    @property
    def slug(self) -> str:
        """The title in file names: `vit-b-16-swag`."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


# conv10 is the class scores: torchvision's SqueezeNet has a ReLU between the convolution and the
# pooling that makes the scores of it. VGG16's fc8 are logits, torchvision has no "ReLU8".
SQUEEZENET_LAYERS = {"fire6": "features.9", "fire9": "features.12", "conv10": "classifier.2"}
VGG_LAYERS = {"relu6": "classifier.1", "relu7": "classifier.4", "fc8": "classifier.6"}


def _small(
    name: str, title: str, family: Family, build: Callable[[int], nn.Module], layers: dict[str, str]
) -> Backbone:
    return Backbone(
        name=f"small/{name}",
        title=f"{title} (small)",
        family=family,
        build=partial(build, small.CLASSES),
        layers=layers,
        size=small.IMAGE_SIZE,
        mean=HALF[0],
        std=HALF[1],
    )


def _deit_tiny() -> nn.Module:
    network = timm.create_model("deit_tiny_patch16_224", pretrained=False)
    for module in network.modules():
        if isinstance(module, Attention):
            # Fused, it takes twice the time in bfloat16 on a CPU. setattr: timm declares it Final.
            setattr(module, "fused_attn", False)  # noqa: B010
    return network


_VIT = {"class token": "encoder.ln"}
_TABLE = [
    Backbone(
        "torchvision/squeezenet1_1",
        "SqueezeNet 1.1",
        "convolutional",
        models.squeezenet1_1,
        SQUEEZENET_LAYERS,
    ),
    Backbone("torchvision/vgg16", "VGG16", "convolutional", models.vgg16, VGG_LAYERS),
    Backbone("torchvision/vit_b_16:IMAGENET1K_V1", "ViT-B/16", "transformer", models.vit_b_16, _VIT),
    Backbone(
        "torchvision/vit_b_16:IMAGENET1K_SWAG_E2E_V1",
        "ViT-B/16 (SWAG)",
        "transformer",
        partial(models.vit_b_16, image_size=384),
        _VIT,
        size=384,
    ),
    Backbone(
        "timm/deit_tiny_patch16_224",
        "DeiT-Tiny",
        "transformer",
        _deit_tiny,
        {"class token": "norm"},
    ),
    _small("vgg", "VGG", "convolutional", small.vgg, VGG_LAYERS),
    _small("squeezenet", "SqueezeNet", "convolutional", small.squeezenet, SQUEEZENET_LAYERS),
    _small("vit", "ViT", "transformer", small.vit, _VIT),
]
_DAMAGED = (
    RuntimeError,
    OSError,
    EOFError,
    ValueError,
    pickle.UnpicklingError,
    safetensors.SafetensorError,
)
BACKBONES = {backbone.name: backbone for backbone in _TABLE}


def find(name: str) -> Backbone:
    """The backbone `name`. Raises ColophonError, listing the known ones, where there is none."""
    if name not in BACKBONES:
        raise ColophonError(f"unknown backbone {name!r}", f"Known: {', '.join(sorted(BACKBONES))}")
    return BACKBONES[name]


def select_layers(backbone: Backbone, labels: tuple[str, ...] | None) -> dict[str, str]:
    """Of the backbone's named layers those in `labels`, in its own order; all of them for None.

    Raises ColophonError, listing the layers that the backbone has, for an unknown label.
    """
    for label in labels or ():
        if label not in backbone.layers:
            raise ColophonError(
                f"backbone {backbone.name!r} has no layer {label!r}",
                f"Its layers: {', '.join(backbone.layers)}",
            )
    return {label: module for label, module in backbone.layers.items() if labels is None or label in labels}


def load(backbone: Backbone, weights: Path) -> nn.Module:
    """The backbone with the weights of a `.safetensors` or `.pth` file, in evaluation mode.

    Raises ColophonError, naming the file, where it is damaged or holds another network's weights.
    """
    network = backbone.build()
    try:
        if weights.suffix == ".safetensors":
            state = load_file(weights)
        else:
            state = torch.load(weights, map_location="cpu", weights_only=True)
        network.load_state_dict(state)
    except _DAMAGED as error:
        raise ColophonError(
            f"{weights} does not hold the weights of {backbone.name}: {str(error)[:300]}",
            "Remove the file and fetch it again.",
        ) from error
    return network.eval()


def _known(name: str) -> str:
    try:
        return find(name).name
    except ColophonError as error:
        raise ValueError(str(error)) from None


BackboneName = Annotated[str, AfterValidator(_known)]
