"""The multilayer perceptron that is trained on features, the published Table 1.3's network."""

from collections.abc import Sequence

from torch import nn


def mlp(
    inputs: int, classes: int, hidden: Sequence[int] = (1024, 512), dropout: float = 0.2
) -> nn.Sequential:
    """Linear layers with ReLU and dropout after each but the last, whose outputs are logits.

    Args:
        inputs: width of the features.
        classes: number of logits.
        hidden: widths of the hidden layers, 4096-1024-512-15 in the published report.
        dropout: share of hidden values set to zero in training.
    """
    layers: list[nn.Module] = []
    for outputs in hidden:
        layers += [nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(dropout)]
        inputs = outputs
    return nn.Sequential(*layers, nn.Linear(inputs, classes))
