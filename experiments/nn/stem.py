"""The first convolution of a network, which alone sees the three colours.

A grey image whose channel is repeated, then normalised for each colour, gives the convolution

    sum_c w_c * (g - mean_c) / std_c + b  =  (sum_c w_c / std_c) * g  +  (b - sum_c w_c * (mean_c / std_c)),

where * pads with zeros, as the convolution does after the normalisation. The first factor is a kernel
for the grey image; the second is the response to a black image. With padding it differs along the
border, so it is kept as a map and not as a number for each filter.
"""

import copy

import torch
from torch import nn
from torch.nn import functional

from experiments.nn.backbones import Backbone


def first_convolution(network: nn.Module) -> tuple[str, nn.Conv2d]:
    """The first convolution by the order of the modules, with its path."""
    return next((path, m) for path, m in network.named_modules() if isinstance(m, nn.Conv2d))


class GreyStem(nn.Module):
    """Stands for a first convolution, but takes grey images in [0, 1] with a single channel.

    Attributes:
        weight: (filters, 1, kernel, kernel), the sum of the colours' kernels over their std.
        black: (filters, height, width), the convolution's response to a black image, without bias.
        bias: (filters,), the convolution's own, zero where it has none.
    """

    def __init__(self, convolution: nn.Conv2d, backbone: Backbone) -> None:
        super().__init__()
        weight = convolution.weight.detach()
        mean, std = (
            torch.tensor(values, dtype=weight.dtype, device=weight.device).view(1, 3, 1, 1)
            for values in (backbone.mean, backbone.std)
        )
        self.weight = nn.Parameter((weight / std).sum(1, keepdim=True), requires_grad=False)
        black = (-mean / std).expand(1, 3, backbone.size, backbone.size)
        self.stride, self.padding = convolution.stride, convolution.padding
        self.black = nn.Parameter(self._convolve(black, weight)[0], requires_grad=False)
        bias = convolution.bias
        found = torch.zeros_like(weight[:, 0, 0, 0]) if bias is None else bias.detach().clone()
        self.bias = nn.Parameter(found, requires_grad=False)

    def forward(self, grey: torch.Tensor) -> torch.Tensor:
        """The responses (batch, filters, h, w) to grey images (batch, 1, size, size) in [0, 1]."""
        return self._convolve(grey, self.weight) + self.black + self.bias[:, None, None]

    def _convolve(self, images: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return functional.conv2d(images, weight, stride=self.stride, padding=self.padding)

    def middle(self) -> torch.Tensor:
        """(filters,): the response to black where no padding is near."""
        return self.black[:, self.black.shape[1] // 2, self.black.shape[2] // 2]

    def averaged(self) -> "GreyStem":
        """The published variant: kernels averaged over the colours instead of summed."""
        other = copy.deepcopy(self)
        other.weight /= 3
        other.black /= 3
        return other

    def border_gap(self) -> float:
        """How much the response to black differs between the border and the middle, at most."""
        return float((self.black - self.middle()[:, None, None]).abs().max())


class SplitStem(nn.Module):
    """A GreyStem in bfloat16 that loses nothing before its output is rounded.

    Grey levels 0 to 255 are exact in bfloat16, while normalised ones are not. A float32 weight is the
    sum of three bfloat16 numbers; they stand at the three input channels, which all are the grey
    image. A convolution of three channels takes as long as before; one of a single channel is slower.
    """

    weight: torch.Tensor
    bias: torch.Tensor
    border: torch.Tensor

    def __init__(self, stem: GreyStem) -> None:
        super().__init__()
        rest, parts = stem.weight.detach() / 255, []
        for _ in range(3):
            parts.append(rest.bfloat16())
            rest = rest - parts[-1].float()
        weight = torch.cat(parts, 1).contiguous(memory_format=torch.channels_last)
        self.register_buffer("weight", weight)
        self.stride, self.padding = stem.stride, stem.padding
        middle = stem.middle().detach()
        self.register_buffer("bias", (middle + stem.bias).detach().bfloat16())
        border = (stem.black - middle[:, None, None]).bfloat16()[None]
        self.register_buffer("border", border.contiguous(memory_format=torch.channels_last))

    def forward(self, levels: torch.Tensor) -> torch.Tensor:
        """The responses (batch, filters, h, w) to grey levels 0 to 255 (batch, 3, size, size), bfloat16."""
        found = functional.conv2d(levels, self.weight, self.bias, stride=self.stride, padding=self.padding)
        return found + self.border if any(self.padding) else found


def with_stem(network: nn.Module, stem: nn.Module) -> nn.Module:
    """A copy of the network whose first convolution is `stem`; the other weights are shared."""
    path, _ = first_convolution(network)
    shared = {id(p): p for p in network.parameters()}
    other = copy.deepcopy(network, memo=dict(shared))
    other.set_submodule(path, stem)
    return other
