"""The practical's networks for domain adaptation (Ganin & Lempitsky 2015), and the reversed gradient."""

from dataclasses import dataclass

import torch
from torch import nn

from experiments.data.mnist import SIDE

CLASSES = 10


@dataclass(frozen=True)
class Shape:
    """What varies between the networks of this chapter.

    Attributes:
        channels: of the two convolutions, the practical's.
        batch_norm: whether batch normalisation follows each convolution and hidden layer.
    """

    channels: tuple[int, int] = (32, 48)
    batch_norm: bool = False


class Adapted(nn.Module):
    """A convolutional network with a head for the digit, and maybe one for the domain.

    Calling it with images (n, 3, 28, 28) and `strength`, a number or a tensor of one, gives the
    digits' logits (n, 10) and, with a domain head, those of "from the source domain" (n,).

    Args:
        shape: widths and normalisation.
        domain: whether there is a domain head, behind the reversed gradient.
    """

    def __init__(self, shape: Shape, domain: bool) -> None:
        super().__init__()
        first, second = shape.channels
        width = second * (SIDE // 4) ** 2
        # The domain head comes last: a seed gives the other parts the same weights with and without it.
        self.features = nn.Sequential(
            *_convolution(3, first, shape.batch_norm),
            *_convolution(first, second, shape.batch_norm),
            nn.Flatten(),
        )
        self.digit = nn.Sequential(
            *_hidden(width, 100, shape.batch_norm),
            *_hidden(100, 100, shape.batch_norm),
            nn.Linear(100, CLASSES),
        )
        own = _hidden(width, 100, shape.batch_norm) if domain else []
        self.domain = nn.Sequential(*own, nn.Linear(100, 1)) if domain else None

    def forward(
        self, images: torch.Tensor, strength: torch.Tensor | float = 0.0
    ) -> tuple[torch.Tensor, ...]:
        features = self.features(images)
        if self.domain is None:
            return (self.digit(features),)
        return self.digit(features), self.domain(reverse(features, strength)).squeeze(-1)


def reverse(features: torch.Tensor, strength: torch.Tensor | float) -> torch.Tensor:
    """The features as they are; their gradient is multiplied by -`strength` (Ganin & Lempitsky 2015).

    Written with the detached value instead of an own autograd function, so that torch.func can stack it.
    """
    fixed = features.detach()
    return fixed - strength * (features - fixed)


def build(shape: Shape, domain: bool, seed: int) -> Adapted:
    """A network on the CPU with the initial weights of `seed`; torch's generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Adapted(shape, domain)


def _convolution(inputs: int, outputs: int, batch_norm: bool) -> list[nn.Module]:
    """Convolution, pooling and ReLU: pooling first is the same function with a quarter of the ReLUs."""
    normalized: list[nn.Module] = [nn.BatchNorm2d(outputs)] if batch_norm else []
    return [nn.Conv2d(inputs, outputs, 5, padding=2), *normalized, nn.MaxPool2d(2), nn.ReLU()]


def _hidden(inputs: int, outputs: int, batch_norm: bool) -> list[nn.Module]:
    normalized: list[nn.Module] = [nn.BatchNorm1d(outputs)] if batch_norm else []
    return [nn.Linear(inputs, outputs), *normalized, nn.ReLU()]
