from itertools import combinations
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import rankdata, spearmanr
from torch import nn

from experiments.nn import stability

RNG = np.random.default_rng(0)


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    found: Any = spearmanr(a, b)
    return found.statistic


@pytest.mark.parametrize("images", [2, 3, 7])
def test_rank_correlations_are_scipys_for_each_pair(images: int) -> None:
    responses = RNG.random((20, images))
    oracle = [spearman(responses[:, a], responses[:, b]) for a, b in combinations(range(images), 2)]
    np.testing.assert_allclose(stability.rank_correlations(responses), oracle)


def test_their_mean_follows_from_kendalls_concordance() -> None:
    responses = RNG.random((12, 5))  # W of m judges: mean Spearman = (m W - 1) / (m - 1)
    sums = rankdata(responses, axis=0).sum(axis=1)
    w = 12 * np.sum((sums - sums.mean()) ** 2) / (5**2 * (12**3 - 12))
    assert stability.rank_correlations(responses).mean() == pytest.approx((5 * w - 1) / 4)


def test_contrast_alone_leaves_the_parts_of_the_filters_as_they_are() -> None:
    responses = np.outer([1.0, 2.0, 5.0], [1.0, 3.0, 0.2])
    np.testing.assert_allclose(stability.variation(responses), 0, atol=1e-12)
    np.testing.assert_allclose(stability.rank_correlations(responses), 1)


def test_variation_is_the_coefficient_of_variation_of_the_parts() -> None:
    responses = np.array([[1.0, 3.0], [3.0, 1.0], [4.0, 4.0]])  # parts 1/8 and 3/8, and 1/2 twice
    np.testing.assert_allclose(
        stability.variation(responses), [np.sqrt(2) / 8 / (1 / 4), np.sqrt(2) / 8 / (1 / 4), 0], atol=1e-12
    )


def test_responses_are_mean_absolute_outputs_without_bias() -> None:
    torch.manual_seed(0)
    convolution = nn.Conv2d(3, 4, 3, stride=2, padding=1)
    images = torch.randn(3, 3, 9, 9)
    found = stability.responses(convolution, convolution.weight, images)
    with torch.no_grad():
        outputs = nn.functional.conv2d(images, convolution.weight, stride=2, padding=1)
    np.testing.assert_allclose(found, outputs.abs().mean((2, 3)).T, rtol=1e-5)


def test_untrained_filters_keep_the_norms_and_shuffled_ones_the_values() -> None:
    weight = torch.randn(6, 3, 3, 3, generator=torch.Generator().manual_seed(1))
    noise = stability.random_filters(weight, torch.Generator().manual_seed(2))
    torch.testing.assert_close(noise.flatten(1).norm(dim=1), weight.flatten(1).norm(dim=1))
    assert not torch.allclose(noise, weight)
    shuffled = stability.shuffled_filters(weight, torch.Generator().manual_seed(2))
    assert torch.equal(shuffled.flatten(1).sort().values, weight.flatten(1).sort().values)
    assert not torch.equal(shuffled, weight)
    orders = {
        tuple((row == w).nonzero()[0].item() for w in old)
        for row, old in zip(shuffled.flatten(1), weight.flatten(1), strict=True)
    }
    assert len(orders) == 6  # each filter in an order of its own
