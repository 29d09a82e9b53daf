"""The practical's generators and discriminators (Radford et al. 2015; with classes, Mirza & Osindero 2014).

Both are built for pictures of 4 x 2^k pixels with k blocks that double or halve the side: three for the
practical's 32 pixels, and one more for 64.

Several networks of one shape can be one: their maps lie side by side as channels, and convolutions in
groups keep them apart. Its weights are theirs, one network's after the other's.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

from report.errors import ColophonError

COARSEST = 4  # pixels: the side of a generator's first maps and of a discriminator's last
Initialisation = Literal["dcgan", "torch"]


@dataclass(frozen=True)
class Shape:
    """What varies between the networks of this chapter.

    Attributes:
        noise: how many numbers a picture is drawn from.
        generator: maps before the generator's last layer (the practical's ngf); with classes four times
            as many.
        discriminator: maps behind the discriminator's first layer (ndf); with classes two times as many,
            of the picture and as many of the class.
        size: side of the pictures, in pixels.
        classes: how many the networks are told of; 0 for networks without.
        blind: whether the discriminator of a generator with classes sees the picture alone.

    Raises ColophonError where there is no noise, or the blocks can't make pictures of that size.
    """

    noise: int = 100
    generator: int = 32
    discriminator: int = 32
    size: int = 32
    classes: int = 0
    blind: bool = False

    def __post_init__(self) -> None:
        if min(self.noise, self.generator, self.discriminator) < 1:
            raise ColophonError(
                f"noise of {self.noise} numbers and widths of {self.generator} and {self.discriminator} "
                "make no networks",
                "Each must be 1 at least.",
            )
        if COARSEST * 2**self.blocks != self.size or self.blocks < 1:
            raise ColophonError(
                f"blocks that double the side cannot make pictures of {self.size} pixels",
                f"Take {COARSEST} times a power of two: 8, 16, 32, 64, …",
            )

    @property
    def blocks(self) -> int:
        """How many blocks double the side of the coarsest maps."""
        return max(self.size // COARSEST, 1).bit_length() - 1


class Generator(nn.Module):
    """Draws pictures from noise, and with classes from labels too.

    Calling it with noise (n, copies * shape.noise) and labels int64 (n, copies), or for a single network
    (n,), or None without classes, gives pictures (n, copies, size, size) in [-1, 1].

    Args:
        copies: how many networks side by side.
    """

    def __init__(self, shape: Shape, copies: int = 1) -> None:
        super().__init__()
        self.shape, self.copies = shape, copies
        first = shape.generator * 2 ** (shape.blocks if shape.classes else shape.blocks - 1)
        self.noise = nn.Sequential(*_widening(shape.noise, first, 1, 0, copies))
        self.label = (
            nn.Sequential(*_widening(shape.classes, first, 1, 0, copies)) if shape.classes else None
        )
        layers, inputs = [], 2 * first if shape.classes else first
        for block in range(shape.blocks - 1):
            outputs = first // 2 ** (block if shape.classes else block + 1)
            layers += _widening(inputs, outputs, 2, 1, copies)
            inputs = outputs
        last = nn.ConvTranspose2d(copies * inputs, copies, 4, 2, 1, bias=False, groups=copies)
        self.blocks = nn.Sequential(*layers, last, nn.Tanh())

    def forward(self, noise: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        maps = self.noise(noise[:, :, None, None])
        if self.label is not None:
            assert labels is not None, "this generator has to be told the classes"
            hot = _one_hot(labels, self.shape.classes, noise.dtype)
            maps = _beside(maps, self.label(hot.flatten(1)[:, :, None, None]), self.copies)
        return self.blocks(maps)


class Discriminator(nn.Module):
    """Tells real pictures from drawn ones, with classes: real pictures of their class from all others.

    Calling it with pictures (n, copies, size, size) and labels int64 (n, copies), or for a single network
    (n,), or None where it sees none, gives the logits (n, copies), or (n,), of "real". The practical ends
    with the sigmoid of them, and takes its loss of that.
    Without the labels (`shape.blind`) the picture has the maps that were theirs.

    Args:
        copies: how many networks side by side.
    """

    def __init__(self, shape: Shape, copies: int = 1) -> None:
        super().__init__()
        self.shape, self.copies = shape, copies
        width = shape.discriminator
        if not shape.classes:
            self.picture = nn.Sequential(*_narrowing(1, width, copies))
            self.label = None
            inputs = width
        else:
            half = 2 * width
            first = 2 * half if shape.blind else half
            self.picture = nn.Sequential(*_narrowing(1, first, copies, norm=False))
            self.label = (
                None if shape.blind else nn.Sequential(*_narrowing(shape.classes, half, copies, norm=False))
            )
            inputs = 2 * half
        layers = []
        for _ in range(shape.blocks - 1):
            layers += _narrowing(inputs, 2 * inputs, copies)
            inputs *= 2
        last = nn.Conv2d(copies * inputs, copies, 4, 1, 0, bias=False, groups=copies)
        self.blocks = nn.Sequential(*layers, last)

    def forward(self, pictures: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        maps = self.picture(pictures)
        if self.label is not None:
            assert labels is not None, "this discriminator has to be told the classes"
            maps = _beside(maps, self._of_labels(labels, maps.dtype), self.copies)
        return self.blocks(maps).flatten(1).squeeze(1)

    def _of_labels(self, labels: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """The maps of planes that are 1 where the class is: made once a class, not once a picture."""
        assert self.label is not None
        classes, size = self.shape.classes, self.shape.size
        planes = torch.eye(classes, device=labels.device).repeat(1, self.copies)[:, :, None, None]
        maps = self.label(planes.expand(-1, -1, size, size))
        each = maps.reshape(classes, self.copies, -1).transpose(0, 1)
        hot = _one_hot(labels, classes, maps.dtype).transpose(0, 1)
        return (hot @ each).transpose(0, 1).reshape(len(labels), *maps.shape[1:]).to(dtype)


def build(shape: Shape, initialisation: Initialisation, seed: int) -> tuple[Generator, Discriminator]:
    """Networks on the CPU with the initial weights of `seed`; torch's generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        pair = Generator(shape), Discriminator(shape)
        for network in pair:
            initialise(network, initialisation)
    return pair


def initialise(network: nn.Module, initialisation: Initialisation) -> None:
    """Draw a network's weights from torch's generator.

    Args:
        initialisation: `dcgan` for weights of convolutions from N(0, 0.02²) and of normalisations from
            N(1, 0.02²) (Radford et al. 2015, as torch's own DCGAN has it), `torch` to leave PyTorch's.
    """
    if initialisation == "torch":
        return
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
            nn.init.zeros_(module.bias)


def parameters(network: nn.Module) -> int:
    """How many numbers are learnt."""
    return sum(parameter.numel() for parameter in network.parameters())


def _one_hot(labels: torch.Tensor, classes: int, dtype: torch.dtype) -> torch.Tensor:
    """(n, copies, classes), without torch's look at the labels, for which a GPU would have to wait."""
    each = labels.reshape(len(labels), -1, 1)
    return (each == torch.arange(classes, device=labels.device)).to(dtype)


def _beside(maps: torch.Tensor, others: torch.Tensor, copies: int) -> torch.Tensor:
    """Each network's maps, and behind them its others: both are (n, copies * maps, side, side)."""
    if copies == 1:
        return torch.cat([maps, others], dim=1)
    parts = [tensor.unflatten(1, (copies, -1)) for tensor in (maps, others)]
    return torch.cat(parts, dim=2).flatten(1, 2)


def _widening(inputs: int, outputs: int, stride: int, padding: int, copies: int) -> list[nn.Module]:
    convolution = nn.ConvTranspose2d(
        copies * inputs, copies * outputs, COARSEST, stride, padding, bias=False, groups=copies
    )
    return [convolution, nn.BatchNorm2d(copies * outputs), nn.ReLU()]


def _narrowing(inputs: int, outputs: int, copies: int, norm: bool = True) -> list[nn.Module]:
    convolution = nn.Conv2d(copies * inputs, copies * outputs, 4, 2, 1, bias=False, groups=copies)
    return [convolution, *([nn.BatchNorm2d(copies * outputs)] if norm else []), nn.LeakyReLU(0.2)]
