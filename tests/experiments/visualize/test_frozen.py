from typing import Any

import numpy as np
import pytest
import torch

from experiments.nn import backbones
from experiments.visualize import frozen


def test_pictures_come_back_as_they_went_in(small) -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    normalized = small.normalized(images)
    np.testing.assert_array_equal(small.pictures(normalized), images)
    np.testing.assert_allclose(small.grey_levels(normalized).permute(0, 2, 3, 1).numpy(), images, atol=1e-3)


def test_black_and_white_are_the_ends_of_every_channel(small) -> None:
    for value, end in ((0, small.black), (255, small.white)):
        normalized = small.normalized(np.full((1, 32, 32, 3), value, dtype=np.uint8))
        torch.testing.assert_close(normalized, end.expand_as(normalized[0])[None])
    beyond = small.white.expand(1, 3, 32, 32) + 1
    assert np.all(small.pictures(beyond) == 255)  # nothing wraps around


def test_weights_take_no_gradient_but_the_picture_does(small) -> None:
    assert not any(p.requires_grad for p in small.network.parameters()) and not small.network.training
    torch.manual_seed(1)
    picture = torch.randn(4, 3, 32, 32, requires_grad=True)
    small.logits(picture).sum().backward()
    assert picture.grad is not None and picture.grad.abs().sum() > 0
    with torch.no_grad():
        network = backbones.find("small/squeezenet").build().eval()
        network.load_state_dict(small.network.state_dict())
        torch.testing.assert_close(small.logits(picture), network(picture), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("name", ["small/vgg", "torchvision/vgg16"])
def test_vggs_adaptive_pooling_has_nothing_to_do_at_its_own_size(name) -> None:
    backbone = backbones.find(name)
    with torch.device("meta"):
        network: Any = backbone.build()
        maps = network.features(torch.empty(1, 3, backbone.size, backbone.size))
        assert network.avgpool(maps).shape == maps.shape


def test_without_its_idle_pooling_vgg_gives_the_same_scores() -> None:
    torch.manual_seed(0)
    network = backbones.find("small/vgg").build().eval()
    pictures = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        before = network(pictures)
        frozen.skip_idle_pooling(network)
        torch.testing.assert_close(network(pictures), before)
