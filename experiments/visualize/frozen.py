"""A trained network whose weights stay as they are, and pictures in the space of its input.

Chapter 2 takes gradients with respect to the picture alone. "Normalised" is a picture as the network
takes it, float (n, 3, size, size), less the mean and divided by the standard deviation of each
channel; a grey level is 1/255 of the range of a channel.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torchvision.models import VGG

from experiments.nn import backbones, device, inference
from experiments.nn.backbones import Backbone
from experiments.nn.weights import weights_of
from report.stage import Inputs


@dataclass(frozen=True)
class Frozen:
    """A network in evaluation mode without gradients of its weights, on the device it runs on."""

    backbone: Backbone
    network: nn.Module
    where: torch.device

    @property
    def mean(self) -> torch.Tensor:
        """Of each channel, for values in [0, 1], (3, 1, 1)."""
        return torch.tensor(self.backbone.mean, device=self.where).view(3, 1, 1)

    @property
    def std(self) -> torch.Tensor:
        """Of each channel, for values in [0, 1], (3, 1, 1)."""
        return torch.tensor(self.backbone.std, device=self.where).view(3, 1, 1)

    @property
    def black(self) -> torch.Tensor:
        """The normalised value of black in each channel, (3, 1, 1): the least that a picture can have."""
        return -self.mean / self.std

    @property
    def white(self) -> torch.Tensor:
        """The normalised value of white in each channel, (3, 1, 1): the most that a picture can have."""
        return (1 - self.mean) / self.std

    def normalized(self, images: np.ndarray) -> torch.Tensor:
        """Pictures uint8 (n, size, size, 3) as the network takes them."""
        return inference.normalized(images, self.backbone).to(self.where)

    def grey_levels(self, normalized: torch.Tensor) -> torch.Tensor:
        """Normalised pictures in grey levels, float (n, 3, size, size); a picture has 0 to 255."""
        return 255 * (normalized * self.std + self.mean)

    def from_grey_levels(self, levels: torch.Tensor) -> torch.Tensor:
        """The inverse of `grey_levels`."""
        return (levels / 255 - self.mean) / self.std

    def pictures(self, normalized: torch.Tensor) -> np.ndarray:
        """Normalised pictures as they are saved: clamped and rounded, uint8 (n, size, size, 3)."""
        levels = self.grey_levels(normalized.detach()).clamp(0, 255).round()
        return levels.byte().permute(0, 2, 3, 1).cpu().numpy()

    def logits(self, normalized: torch.Tensor) -> torch.Tensor:
        """The scores of the classes before the softmax, (n, classes)."""
        return self.network(normalized.contiguous(memory_format=torch.channels_last))


def load(name: str, inputs: Inputs) -> Frozen:
    """The backbone `name` with its trained weights. Raises ColophonError where they are missing."""
    backbone, where = backbones.find(name), device.choose()
    network = backbones.load(backbone, weights_of(backbone, inputs)).requires_grad_(False)
    skip_idle_pooling(network)
    return Frozen(backbone, device.place(network, where), where)


def skip_idle_pooling(network: nn.Module) -> None:
    """Take out VGG's adaptive pooling, which changes nothing at the network's own input size.

    On a GPU it has no deterministic gradient, and torch is asked for deterministic ones.
    """
    if isinstance(network, VGG):
        network.avgpool = nn.Identity()  # type: ignore[assignment]  # declared as what it replaces
