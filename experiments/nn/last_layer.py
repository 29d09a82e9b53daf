"""A network that gives the scores of a few classes only."""

import copy
from collections.abc import Sequence

from torch import nn


def only_classes(network: nn.Module, classes: Sequence[int]) -> nn.Module:
    """A copy of a classifier whose logits (n, len(classes)) are those of `classes`, in their order.

    Its last layer, linear or a convolution, keeps the rows of these classes. In SqueezeNet the last
    convolution takes a third of the time of a gradient, nearly all of it for classes nobody asks for.
    """
    network = copy.deepcopy(network)
    layers = [m for m in network.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    last, rows = layers[-1], list(classes)
    last.weight = nn.Parameter(last.weight.detach()[rows], last.weight.requires_grad)
    if last.bias is not None:
        last.bias = nn.Parameter(last.bias.detach()[rows], last.bias.requires_grad)
    if isinstance(last, nn.Linear):
        last.out_features = len(rows)
    else:
        last.out_channels = len(rows)
    return network
