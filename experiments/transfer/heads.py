"""Classifiers trained by gradient descent on features: what is shared of those alone and in a network.

A head's input is the feature vector scaled to a mean square of 1: the unit length that the SVM gets,
times the root of its dimension. PyTorch's initial weights expect values of about that size; at unit
length a softmax layer learns too slowly to end within the epochs.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from pydantic import Field
from torch import nn
from torch.nn import functional

from experiments.statistics import Mean, mean
from experiments.transfer.layers import CommonSplit, LayerRow
from experiments.transfer.svm import Fit
from report import stage
from report.stage import quantity


class Settings(stage.Settings):
    epochs: int = Field(default=20, ge=1, le=1000, description="the published report's number")
    batch_size: int = Field(default=64, ge=1, le=4096, description="not published; a usual one")
    learning_rate: float = Field(
        default=1e-3, gt=0, le=1, description="of Adam, constant; not published; Adam's default"
    )
    seeds: tuple[int, ...] = Field(
        default=(1, 2, 3, 4, 5), min_length=2, description="of initial weights, order and dropout"
    )


class Run(stage.Metrics):
    seed: int = quantity("of the initial weights, the order of the images and dropout")
    test: Fit = quantity("on the test images, after the last epoch")
    train_accuracy: float = quantity("accuracy on the training images", "fraction", 1)
    loss: float = quantity("mean cross-entropy over the last epoch", "nats", 3)


class Head(LayerRow):
    head: str = quantity("what was trained, in the document's words")
    parameters: int = quantity("trained parameters, a count")
    epochs: int = quantity("passes over the training images, a count")
    accuracy: Mean = quantity("share of test images classified rightly, over the seeds")
    class_mean: Mean = quantity("mean accuracy of the classes, over the seeds")
    train_accuracy: float = quantity("accuracy on the training images, mean over the seeds", "fraction", 1)
    loss: float = quantity("cross-entropy over the last epoch, mean over the seeds", "nats", 3)
    gain: float = quantity("mean accuracy less the tuned SVM's on the same features", "points", 1)
    runs: list[Run] = quantity("one entry a seed")


class MeanSquareOne(nn.Module):
    """Features (n, d) as a head takes them: each row with a mean square of 1."""

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return functional.normalize(features) * features.shape[1] ** 0.5


def finish(
    name: str,
    seed: int,
    predicted: np.ndarray,
    train_accuracy: float,
    losses: Sequence[float],
    split: CommonSplit,
    outputs: stage.Outputs,
) -> Run:
    """What is kept of one training.

    Args:
        name: of its arrays, `correct-<name>-<seed>`.
        predicted: for the test images.
        losses: of the iterations of the last epoch.
    """
    return Run(
        seed=seed,
        test=split.score(predicted, None, outputs, f"{name}-{seed}"),
        train_accuracy=train_accuracy,
        loss=float(np.mean(losses)),
    )


def summarize(
    head: str, about: dict[str, Any], runs: list[Run], parameters: int, epochs: int, svm: float
) -> Head:
    """The runs of one kind of head, against the accuracy of the SVM on the same features."""
    accuracies = mean([run.test.accuracy.value for run in runs])
    return Head(
        **about,
        head=head,
        parameters=parameters,
        epochs=epochs,
        accuracy=accuracies,
        class_mean=mean([run.test.class_mean for run in runs]),
        train_accuracy=float(np.mean([run.train_accuracy for run in runs])),
        loss=float(np.mean([run.loss for run in runs])),
        gain=100 * (accuracies.value - svm),
        runs=runs,
    )


def count_parameters(network: nn.Module) -> int:
    """How many numbers are trained."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)
