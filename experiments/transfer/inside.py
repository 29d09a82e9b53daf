"""A head inside its backbone, which is trained from a named module on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from experiments.data.images import ImageSet
from experiments.nn import device
from experiments.nn.backbones import Backbone, load
from experiments.nn.chain import chain, divide, sequence
from experiments.nn.extraction import LayerFeatures, pooled
from experiments.transfer.heads import MeanSquareOne


class Grey(nn.Module):
    """Grey images, uint8 (n, h, w), as a backbone takes them: (n, 3, h, w), normalised."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(backbone.mean).view(1, 3, 1, 1) * 255)
        self.register_buffer("std", torch.tensor(backbone.std).view(1, 3, 1, 1) * 255)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return (images.unsqueeze(1) - self.mean) / self.std


class Pool(nn.Module):
    """A layer's output as features (n, d), as transfer/features takes them."""

    def forward(self, output: torch.Tensor) -> torch.Tensor:
        return pooled(output)


class Untrained(nn.Module):
    """The part of a backbone that stays as it is, from grey images to float32.

    Args:
        links: the modules that images pass through, at least one.
        precision: that they run in; the images are normalised in float32.
    """

    def __init__(
        self, backbone: Backbone, links: dict[str, nn.Module], precision: device.Precision
    ) -> None:
        super().__init__()
        where = device.choose()
        self.grey = Grey(backbone).to(where)
        self.links = device.place(sequence(links), where, precision).eval()
        self.dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        colour = self.grey(images).to(self.dtype, memory_format=torch.channels_last)
        return self.links(colour).float()


class Inside:
    """A backbone with a head in place of what followed one of its layers, cut where training begins.

    Args:
        backbone: its entry in the table.
        weights: its file.
        layer: path of the module whose pooled output the head takes.
        first_trained: path of the first module that is trained; None trains all.
        head: takes features (n, d), gives logits.
        precision: of the part that is not trained.

    Attributes:
        before: the part that stays as it is, in evaluation mode; nothing where all is trained.
        trained: the rest of the network up to the layer.
        head: the head.
        whole: from what `before` gives to logits.
    """

    def __init__(
        self,
        backbone: Backbone,
        weights: Path,
        layer: str,
        first_trained: str | None,
        head: nn.Module,
        precision: device.Precision = "float32",
    ) -> None:
        before, after = divide(chain(load(backbone, weights), layer), first_trained)
        if before:
            self.before: nn.Module = Untrained(backbone, before, precision)
        else:
            self.before, after = nn.Identity(), {"grey": Grey(backbone), **after}
        where = device.choose()
        self.trained = device.place(sequence(after), where)
        self.head = device.place(head, where)
        self.whole = nn.Sequential(self.trained, Pool(), MeanSquareOne(), self.head)

    def groups(self, learning_rate: float, head_learning_rate: float) -> list[dict[str, Any]]:
        """The parameters of network and head, each with its learning rate."""
        return [
            {"params": list(self.trained.parameters()), "lr": learning_rate},
            {"params": list(self.head.parameters()), "lr": head_learning_rate},
        ]


@torch.no_grad()
def pass_through(before: nn.Module, images: ImageSet, size: int, batch_size: int) -> Iterator[torch.Tensor]:
    """What the untrained part gives for the images, by batches; the images themselves, if it is nothing.

    Args:
        size: of the network's input, in pixels.
    """
    where = device.choose()
    for start in range(0, len(images), batch_size):
        rows = range(start, min(start + batch_size, len(images)))
        grey = np.stack([images.read(index, size) for index in rows])
        yield before(torch.from_numpy(grey).to(where))


@torch.no_grad()
def compare_frozen(
    backbone: Backbone, weights: Path, layers: dict[str, str], head: nn.Module, grey: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits of `head` inside the frozen network, and alone on the features that are taken from it.

    The features are taken as transfer/features takes them, in float32.

    Args:
        layers: label and path of the one layer that the head follows.
        grey: images, uint8 (n, size, size).
    """
    ((label, path),) = layers.items()
    inside = Inside(backbone, weights, path, None, head)
    where = device.choose()
    extractor = device.place(LayerFeatures(load(backbone, weights), {label: path}), where)
    grey = grey.to(where)
    (features,) = extractor(Grey(backbone).to(where)(grey))
    return inside.whole.eval()(grey).cpu(), inside.head(MeanSquareOne()(features)).cpu()
