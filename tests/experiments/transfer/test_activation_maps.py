from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from experiments.nn import backbones
from experiments.transfer import activation_maps

LETTERS = {"photos_from": "letters", "labelled_from": "letters", "labelled": 12, "repeats": 3}


def test_maps_are_the_first_convolutions_outputs_with_its_bias(run_stage, with_random_weights) -> None:
    metrics, result = run_stage(
        activation_maps,
        data=with_random_weights,
        backbones=("torchvision/squeezenet1_1",),
        photos=("n01883070_wombat.jpg", "friend.jpg"),
        repeats=2,
    )
    (row,) = metrics.networks
    assert (row.filters, row.kernel, row.map_size, row.many.photos, row.few.photos) == (64, 3, 111, 3, 2)
    assert [photo.title for photo in metrics.photos] == ["wombat", "friend"]
    backbone = backbones.find(row.backbone)
    network: Any = backbones.load(backbone, with_random_weights(row.backbone))
    (photo,) = activation_maps.photo_networks.photos.shown(
        "photos", ("n01883070_wombat.jpg",), [], with_random_weights
    )
    pixels = torch.tensor(photo.squeezed(224)).permute(2, 0, 1) / 255
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in backbones.IMAGENET)
    with torch.no_grad():
        oracle = network.get_submodule(row.layer)((pixels - mean)[None] / std)
    np.testing.assert_allclose(result.array(row.maps)[0], oracle[0], rtol=1e-2, atol=1e-3)
    np.testing.assert_array_equal(
        result.array(row.kernels), network.get_submodule(row.layer).weight.detach()
    )


def test_stability_is_that_of_the_responses_that_are_written(run_stage, untrained) -> None:
    metrics, result = run_stage(
        activation_maps, [untrained("small/vgg")], backbones=("small/vgg",), **LETTERS
    )
    many = metrics.networks[0].many
    responses = np.array(result.array("responses-vgg-small"))
    assert responses.shape == (16, 12)
    found: Any = spearmanr(responses)
    matrix = found.statistic[np.triu_indices(12, 1)]
    assert (many.photos, many.pairs) == (12, 66)
    np.testing.assert_allclose(
        [many.correlation, many.correlation_spread, many.correlation_lowest],
        [matrix.mean(), matrix.std(), matrix.min()],
    )
    variation = np.array(result.array("variation-vgg-small"))
    assert many.most_stable == variation.argmin() and many.least_stable == variation.argmax()
    for kind in (many.random, many.shuffled):
        for value in (kind.correlation, kind.variation):
            assert value.low <= value.value <= value.high


def test_the_same_seed_gives_the_same_untrained_filters(run_stage, untrained) -> None:
    pretrained = untrained("small/vgg")
    first, second, third = (
        run_stage(activation_maps, [pretrained], backbones=("small/vgg",), seed=seed, **LETTERS)[0]
        for seed in (1, 1, 2)
    )
    assert first == second
    found = first.networks[0].few.random.correlation
    assert len(found.sets) == first.repeats and found.value == pytest.approx(
        sum(found.sets) / first.repeats
    )
    assert found.low == pytest.approx(np.percentile(found.sets, 2.5))
    assert first.networks[0].few.random != third.networks[0].few.random


def test_transformers_are_left_out(run_stage, untrained) -> None:
    metrics, _ = run_stage(activation_maps, [untrained("small/vit")], backbones=("small/vit",), **LETTERS)
    assert metrics.networks == []
