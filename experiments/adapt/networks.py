"""The practical's networks for domain adaptation (Ganin & Lempitsky 2015), and the reversed gradient."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from experiments.data.mnist import SIDE

CLASSES = 10
Domain = Literal["source", "target"]
DOMAINS: tuple[Domain, Domain] = ("source", "target")
Normalisation = Literal["none", "shared", "own"]
Norm = Callable[[int, int], nn.Module | None]


@dataclass(frozen=True)
class Shape:
    """What varies between the networks of this chapter.

    Attributes:
        channels: of the two convolutions, the practical's.
        norm: batch normalisation behind each convolution and each hidden layer of the heads: none; by
            the statistics of the whole batch, `shared` by the domains; or of each domain by its `own`,
            which is the same for a network without a domain head, that sees one domain.
    """

    channels: tuple[int, int] = (32, 48)
    norm: Normalisation = "none"


class Adapted(nn.Module):
    """A convolutional network with a head for the digit, and maybe one for the domain.

    Calling it with images (n, 3, 28, 28), `strength`, a number or a tensor of one, the domains that equal
    shares of the images are from, one after the other, and maybe `scales` (n, channels), which the feature
    maps are multiplied by, gives the digits' logits (n, 10) and, with a domain head, those of "from the
    source domain" (n,).

    Args:
        shape: widths and normalisation.
        domain: whether there is a domain head, behind the reversed gradient.
    """

    def __init__(self, shape: Shape, domain: bool) -> None:
        super().__init__()
        first, second = shape.channels
        width = second * (SIDE // 4) ** 2
        norms: dict[Normalisation, Norm] = {
            "none": _no_norm,
            "shared": _plain_norm,
            "own": DomainNorm if domain else _plain_norm,
        }
        norm = norms[shape.norm]
        # The domain head comes last: a seed gives the other parts the same weights with and without it.
        self.features = Layers(
            *_convolution(3, first, norm), *_convolution(first, second, norm), nn.Flatten()
        )
        self.digit = Layers(*_hidden(width, 100, norm), *_hidden(100, 100, norm), nn.Linear(100, CLASSES))
        self.domain = Layers(*_hidden(width, 100, norm), nn.Linear(100, 1)) if domain else None

    def forward(
        self,
        images: torch.Tensor,
        strength: torch.Tensor | float = 0.0,
        domains: Sequence[Domain] = DOMAINS[:1],
        scales: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, ...]:
        features = self.features(images, domains)
        if scales is not None:
            maps = features.unflatten(1, (scales.shape[1], -1))
            features = (maps * scales.to(maps.dtype).unsqueeze(-1)).flatten(1)
        digits = self.digit(features, domains)
        if self.domain is None:
            return (digits,)
        return digits, self.domain(reverse(features, strength), domains).squeeze(-1)


class Layers(nn.Sequential):
    """Layers one after the other, some of which ask for the domains of the batch."""

    def forward(self, input: torch.Tensor, domains: Sequence[Domain]) -> torch.Tensor:
        for layer in self:
            input = layer(input, domains) if isinstance(layer, DomainNorm) else layer(input)
        return input


class DomainNorm(nn.Module):
    """Batch normalisation of each domain by its own mean and variance; scale and shift are shared.

    So the layers behind it see both domains alike in these moments (Li et al. 2017).

    Args:
        width: channels or features.
        dimensions: of the input, 2 for (n, width) and 4 for (n, width, height, width).
    """

    def __init__(self, width: int, dimensions: int) -> None:
        super().__init__()
        norm = nn.BatchNorm2d if dimensions == 4 else nn.BatchNorm1d
        self.own = nn.ModuleDict({name: norm(width, affine=False) for name in DOMAINS})
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, input: torch.Tensor, domains: Sequence[Domain]) -> torch.Tensor:
        parts = zip(domains, input.chunk(len(domains)), strict=True)
        whole = torch.cat([self.own[domain](part) for domain, part in parts])
        shape = (-1, *(1 for _ in range(input.ndim - 2)))
        return whole * self.weight.view(shape) + self.bias.view(shape)


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


def _plain_norm(width: int, dimensions: int) -> nn.Module:
    return nn.BatchNorm2d(width) if dimensions == 4 else nn.BatchNorm1d(width)


def _no_norm(width: int, dimensions: int) -> None:
    """In the place of a normalisation, none."""


def _convolution(inputs: int, outputs: int, norm: Norm) -> list[nn.Module]:
    """Convolution, pooling and ReLU: pooling first is the same function with a quarter of the ReLUs."""
    layers = [
        nn.Conv2d(inputs, outputs, 5, padding=2), norm(outputs, 4), nn.MaxPool2d(2), nn.ReLU()
    ]  # fmt: skip
    return [layer for layer in layers if layer is not None]


def _hidden(inputs: int, outputs: int, norm: Norm) -> list[nn.Module]:
    layers = [nn.Linear(inputs, outputs), norm(outputs, 2), nn.ReLU()]
    return [layer for layer in layers if layer is not None]
