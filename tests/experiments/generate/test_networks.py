"""The practical's networks: parameters, sizes, what they see of the classes, initial weights by seed."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from experiments.generate.networks import Discriminator, Generator, Shape, build, parameters
from report.errors import ColophonError

NARROW: dict[str, Any] = {"noise": 5, "generator": 4, "discriminator": 4}


@pytest.mark.parametrize(
    ("shape", "expected"),
    [(Shape(), (369_600, 166_848)), (Shape(classes=10), (3_075_840, 2_642_432))],
    ids=["DCGAN", "cDCGAN"],
)
def test_the_practicals_networks_have_their_numbers_of_parameters(shape, expected) -> None:
    assert (parameters(Generator(shape)), parameters(Discriminator(shape))) == expected


def test_a_blind_discriminator_is_as_large_but_for_what_read_the_classes() -> None:
    seeing, blind = Discriminator(Shape(classes=10)), Discriminator(Shape(classes=10, blind=True))
    assert seeing.label and blind.label is None
    # 64 maps read ten planes of 4 x 4 weights; in their place as many read the one picture.
    assert parameters(seeing) - parameters(blind) == 64 * 16 * (10 - 1)
    for own, other in zip(seeing.blocks.parameters(), blind.blocks.parameters(), strict=True):
        assert own.shape == other.shape


@pytest.mark.parametrize("classes", [0, 10])
@pytest.mark.parametrize("size", [8, 16, 32, 64])
def test_pictures_are_drawn_and_judged_at_every_size_that_doubling_reaches(size, classes) -> None:
    shape = Shape(**NARROW, size=size, classes=classes)
    generator, discriminator = build(shape, "dcgan", 1)
    labels = torch.arange(6) if classes else None
    pictures = generator(torch.randn(6, 5), labels)
    assert pictures.shape == (6, 1, size, size)
    assert pictures.abs().max() < 1
    assert discriminator(pictures, labels).shape == (6,)


def test_64_pixels_take_one_block_more() -> None:
    def convolutions(network: nn.Module) -> int:
        return sum(isinstance(m, nn.Conv2d | nn.ConvTranspose2d) for m in network.modules())

    for kind in (Generator, Discriminator):
        assert convolutions(kind(Shape(size=64))) == convolutions(kind(Shape())) + 1


@pytest.mark.parametrize("size", [0, 4, 28, 48, 33, -32])
def test_a_size_that_the_blocks_cannot_make_is_refused(size) -> None:
    with pytest.raises(ColophonError, match=f"cannot make pictures of {size} pixels"):
        Shape(size=size)


@pytest.mark.parametrize("field", ["noise", "generator", "discriminator"])
def test_noise_and_widths_of_nothing_are_refused(field) -> None:
    with pytest.raises(ColophonError, match="make no networks"):
        Shape(**{**NARROW, field: 0})


@settings(max_examples=10, deadline=None)
@given(labels=st.lists(st.integers(0, 9), min_size=1, max_size=5), seed=st.integers(0, 99))
def test_the_classes_maps_are_those_of_planes_made_for_each_picture(labels, seed) -> None:
    _, discriminator = build(Shape(**NARROW, size=8, classes=10), "dcgan", seed)
    pictures = torch.randn(len(labels), 1, 8, 8, generator=torch.Generator().manual_seed(seed))
    planes = functional.one_hot(torch.tensor(labels), 10).float()[:, :, None, None].expand(-1, -1, 8, 8)
    assert discriminator.label
    maps = torch.cat([discriminator.picture(pictures), discriminator.label(planes)], 1)
    torch.testing.assert_close(
        discriminator.eval()(pictures, torch.tensor(labels)), discriminator.blocks(maps).flatten()
    )


def test_who_is_not_told_the_class_does_not_depend_on_it() -> None:
    pictures, labels = torch.randn(4, 1, 8, 8), torch.tensor([0, 1, 2, 3])
    for blind in (False, True):
        shape = Shape(**NARROW, size=8, classes=10, blind=blind)
        generator, discriminator = (network.eval() for network in build(shape, "torch", 1))
        answers = [discriminator(pictures, order) for order in (labels, labels.flip(0))]
        assert torch.equal(*answers) == blind
        noise = torch.randn(4, 5)
        assert not torch.equal(generator(noise, labels), generator(noise, labels.flip(0)))


def test_initial_weights_are_drawn_as_the_dcgan_paper_says() -> None:
    for network in build(Shape(), "dcgan", 1):
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d) and module.weight.numel() > 10_000:
                assert module.weight.mean().item() == pytest.approx(0, abs=1e-3)
                assert module.weight.std().item() == pytest.approx(0.02, rel=0.05)
            if isinstance(module, nn.BatchNorm2d):
                assert module.weight.mean().item() == pytest.approx(1, abs=0.02)
                assert module.weight.std().item() == pytest.approx(0.02, rel=0.5)
                assert not module.bias.any()


def test_pytorchs_own_initial_weights_are_those_of_its_modules() -> None:
    generator, _ = build(Shape(**NARROW), "torch", 3)
    torch.manual_seed(3)
    first = nn.ConvTranspose2d(5, 16, 4, 1, 0, bias=False)
    assert torch.equal(next(generator.noise.parameters()), first.weight)
    assert all((m.weight == 1).all() for m in generator.modules() if isinstance(m, nn.BatchNorm2d))


def test_a_seed_gives_the_same_weights_whatever_was_drawn_before() -> None:
    pairs = []
    for seed in (1, 1, 2):
        torch.rand(7)
        before = torch.get_rng_state()
        pairs.append(build(Shape(**NARROW), "dcgan", seed))
        assert torch.equal(torch.get_rng_state(), before)
    weights = [torch.cat([p.flatten() for net in pair for p in net.parameters()]) for pair in pairs]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])
