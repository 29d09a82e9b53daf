"""Summed weights against repeated channels, for every padding and bias, and in whole networks."""

import numpy as np
import pytest
import torch
from torch import nn

from experiments.nn import backbones
from experiments.nn.counting import on_meta
from experiments.nn.inference import normalized
from experiments.nn.stem import GreyStem, SplitStem, first_convolution, with_stem

BACKBONE = backbones.Backbone("x", "X", "convolutional", nn.Identity, {}, size=11)


def grey_pictures(size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Random grey pictures: repeated and normalised in float64 by another path, and single."""
    grey = torch.rand(2, 1, size, size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    mean, std = (torch.tensor(v, dtype=torch.float64) for v in backbones.IMAGENET)
    colour = torch.stack([(grey[:, 0] - m) / s for m, s in zip(mean, std, strict=True)], dim=1)
    return colour, grey


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("padding", "stride"), [(0, 1), (1, 1), (2, 3)])
def test_summed_weights_give_the_responses_of_repeated_channels(padding, stride, bias) -> None:
    torch.manual_seed(0)
    convolution = nn.Conv2d(3, 5, 5, stride, padding, bias=bias).double()
    colour, grey = grey_pictures(BACKBONE.size)
    stem = GreyStem(convolution, BACKBONE)
    torch.testing.assert_close(stem(grey), convolution(colour), rtol=1e-12, atol=1e-12)


def test_a_bias_that_is_one_number_a_filter_errs_only_where_there_is_padding() -> None:
    torch.manual_seed(0)
    without, padded = (nn.Conv2d(3, 5, 3, padding=p).double() for p in (0, 1))
    assert GreyStem(without, BACKBONE).border_gap() < 1e-12
    stem = GreyStem(padded, BACKBONE)
    colour, grey = grey_pictures(BACKBONE.size)
    stem.black.copy_(stem.black[:, 5:6, 5:6].expand_as(stem.black))
    gap = (stem(grey) - padded(colour)).abs()
    assert gap[..., 1:-1, 1:-1].max() < 1e-12
    assert gap.max().item() == pytest.approx(GreyStem(padded, BACKBONE).border_gap())


@pytest.mark.parametrize(("padding", "stride"), [(0, 2), (1, 1)])
def test_the_split_stem_errs_by_the_rounding_of_its_output_alone(padding, stride) -> None:
    torch.manual_seed(0)
    convolution = nn.Conv2d(3, 5, 3, stride, padding)
    levels = torch.randint(0, 256, (2, 1, 11, 11))
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in backbones.IMAGENET)
    exact = convolution((levels / 255 - mean) / std)
    stem = GreyStem(convolution, BACKBONE)
    found = SplitStem(stem)(levels.expand(-1, 3, -1, -1).bfloat16())
    parts = [exact, stem.middle() + stem.bias, stem.black - stem.middle()[:, None, None]]
    rounding = sum(part.abs().max().item() for part in parts) * 2**-8  # half a step of each is 2^-9
    assert found.dtype == torch.bfloat16
    assert (found.float() - exact).abs().max().item() <= rounding


def test_averaged_weights_answer_with_a_third_before_the_bias() -> None:
    torch.manual_seed(0)
    convolution = nn.Conv2d(3, 5, 3, padding=1)
    stem = GreyStem(convolution, BACKBONE)
    _, grey = grey_pictures(BACKBONE.size)
    bias = stem.bias[:, None, None]
    torch.testing.assert_close(stem.averaged()(grey.float()) - bias, (stem(grey.float()) - bias) / 3)


@pytest.mark.parametrize(
    "name", ["small/vgg", "small/squeezenet", "small/vit", "timm/deit_tiny_patch16_224"]
)
def test_a_network_with_the_stem_gives_the_same_logits_and_shares_the_other_weights(name: str) -> None:
    backbone = backbones.find(name)
    torch.manual_seed(0)
    network = backbone.build().eval().requires_grad_(False)
    grey = np.random.default_rng(0).integers(0, 256, (2, backbone.size, backbone.size), dtype=np.uint8)
    repeated = normalized(np.stack([grey] * 3, axis=-1), backbone)
    path, convolution = first_convolution(network)
    other = with_stem(network, GreyStem(convolution, backbone))
    single = torch.from_numpy(grey)[:, None] / 255
    torch.testing.assert_close(other(single), network(repeated), rtol=1e-4, atol=1e-5)
    assert network.get_submodule(path) is convolution
    shared = {id(p) for p in network.parameters()} & {id(p) for p in other.parameters()}
    assert len(shared) == len(list(network.parameters())) - len(list(convolution.parameters()))


@pytest.mark.parametrize("name", backbones.BACKBONES)
def test_the_first_convolution_sees_three_colours(name: str) -> None:
    assert first_convolution(on_meta(backbones.find(name).build))[1].in_channels == 3
