"""How far the filters of a convolution keep their part from one image to another."""

from typing import Any

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import nn
from torch.nn import functional


@torch.inference_mode()
def responses(convolution: nn.Conv2d, weight: torch.Tensor, images: torch.Tensor) -> np.ndarray:
    """The mean absolute response of each filter to each image, without bias.

    Args:
        convolution: gives stride and padding.
        weight: (filters, channels, kernel, kernel).
        images: (n, channels, size, size), normalised as in training.

    Returns:
        float64 (filters, n).
    """
    found = [
        functional.conv2d(image[None], weight, None, convolution.stride, convolution.padding)
        .abs()
        .mean((2, 3))[0]
        for image in images
    ]
    return torch.stack(found, dim=1).double().numpy()


def rank_correlations(responses: np.ndarray) -> np.ndarray:
    """Spearman's correlation of the filters' order between any two images.

    Args:
        responses: (filters, n), n at least 2.

    Returns:
        (n (n - 1) / 2,), one a pair of images.
    """
    count = responses.shape[1]
    found: Any = spearmanr(responses)
    matrix = found.statistic
    if count == 2:
        return np.atleast_1d(matrix)
    return matrix[np.triu_indices(count, k=1)]


def variation(responses: np.ndarray) -> np.ndarray:
    """How much each filter's part in the response to an image varies: its coefficient of variation.

    The part is the filter's mean absolute response divided by the sum over all filters, so that an
    image's contrast, which scales all of them alike, does not count.

    Args:
        responses: (filters, n), n at least 2.

    Returns:
        (filters,): standard deviation over the images divided by the mean.
    """
    parts = responses / responses.sum(axis=0)
    return parts.std(axis=1, ddof=1) / parts.mean(axis=1)


def random_filters(weight: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Filters of Gaussian noise, each with the Euclidean norm of the filter in its place."""
    noise = torch.randn(weight.shape, generator=generator)
    norms = [tensor.flatten(1).norm(dim=1).view(-1, 1, 1, 1) for tensor in (weight, noise)]
    return noise * norms[0] / norms[1]


def shuffled_filters(weight: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Each filter with its own weights in random order: same values, no shape and no colour."""
    flat = weight.flatten(1)
    order = torch.rand(flat.shape, generator=generator).argsort(dim=1)
    return flat.gather(1, order).view_as(weight)
