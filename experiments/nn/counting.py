"""Parameters and multiply-adds of a network, counted without weights on torch's meta device."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

_HEADS = ("classifier", "heads", "head")  # where torchvision and timm keep a network's classifier


@dataclass(frozen=True)
class Counts:
    """Numbers of parameters.

    Attributes:
        parameters: all.
        weights: those of matrices and kernels; without biases, normalisation and embeddings.
        convolutional: those of convolutions, biases included.
        fully_connected: those of linear layers and of attention's projections, biases included.
    """

    parameters: int
    weights: int
    convolutional: int
    fully_connected: int


def on_meta(build: Callable[[], nn.Module]) -> nn.Module:
    """The network in evaluation mode, with shapes and without memory for its weights."""
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # initialisation does nothing there, and some functions say so
        return build().eval()


def count(network: nn.Module) -> Counts:
    """The parameters of a network by kind."""
    named = list(network.named_parameters())
    return Counts(
        parameters=sum(p.numel() for _, p in named),
        weights=sum(p.numel() for name, p in named if p.ndim >= 2 and name.endswith("weight")),
        convolutional=_of(network, nn.Conv2d),
        fully_connected=_of(network, nn.Linear) + _of(network, nn.MultiheadAttention),
    )


def _of(network: nn.Module, kind: type[nn.Module]) -> int:
    """Parameters that belong to modules of a kind themselves, not to modules within them."""
    found = (module for module in network.modules() if isinstance(module, kind))
    return sum(p.numel() for module in found for p in module.parameters(recurse=False))


def head(network: nn.Module) -> dict[str, nn.Linear]:
    """The fully connected layers of the network's classifier, by the path of the module."""
    return {
        path: module
        for path, module in network.named_modules()
        if isinstance(module, nn.Linear) and path.split(".")[0] in _HEADS
    }


def one_image(network: nn.Module, size: int) -> tuple[int, int]:
    """What an image of `size` x `size` pixels takes and gives.

    Args:
        network: from `on_meta`; elsewhere torch takes a fast way through attention that it can't count.
        size: side of the image.

    Returns:
        The multiplications with an addition, attention included, and the number of outputs.
    """
    device = next(network.parameters()).device
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        outputs = network(torch.zeros(1, 3, size, size, device=device))
    return counter.get_total_flops() // 2, outputs.shape[1]  # torch counts the two operations
