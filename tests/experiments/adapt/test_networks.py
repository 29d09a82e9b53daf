"""The practical's networks: their parameters, the reversed gradient, and initial weights by seed."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import BatchNorm1d, BatchNorm2d

from experiments.adapt.networks import DOMAINS, Adapted, DomainNorm, Shape, build, reverse


def parameters(network: torch.nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def test_the_practicals_parts_have_their_published_numbers_of_parameters() -> None:
    network = Adapted(Shape(), domain=True)
    assert network.domain
    parts = (network.features, network.digit, network.domain)
    assert [parameters(part) for part in parts] == [40_880, 246_410, 235_401]
    assert parameters(network) == 522_691
    assert parameters(Adapted(Shape(), domain=False)) == 287_290


@settings(max_examples=20, deadline=None)
@given(strength=st.floats(-5, 5), seed=st.integers(0, 1000))
def test_reversal_keeps_values_and_multiplies_the_gradient_by_minus_its_strength(strength, seed) -> None:
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(4, 7, generator=generator, requires_grad=True)
    weights = torch.randn(4, 7, generator=generator)
    reversed_ = reverse(features, strength)
    assert torch.equal(reversed_, features)
    (reversed_ * weights).sum().backward()
    torch.testing.assert_close(features.grad, -strength * weights)


def test_the_domain_head_itself_learns_with_the_gradient_as_it_is() -> None:
    network = build(Shape((4, 6)), domain=True, seed=0)
    images = torch.randn(5, 3, 28, 28)

    def gradients(strength: float) -> dict[str, torch.Tensor]:
        network.zero_grad()
        network(images, strength)[1].sum().backward()
        return {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}

    plain, strong = gradients(-1.0), gradients(2.0)
    assert not any(name.startswith("digit") for name in plain)
    for name in plain:
        factor = 1.0 if name.startswith("domain") else -2.0
        torch.testing.assert_close(strong[name], factor * plain[name])


def test_pooling_before_the_relu_is_the_practicals_function() -> None:
    network = build(Shape(), domain=False, seed=3)
    first, second = network.features[0], network.features[3]
    images = torch.randn(2, 3, 28, 28)
    maps = torch.max_pool2d(first(images).relu(), 2)
    expected = torch.max_pool2d(second(maps).relu(), 2).flatten(1)
    torch.testing.assert_close(network.features(images, ("source",)), expected)


def test_a_seed_gives_the_shared_parts_the_same_weights_and_leaves_the_generator_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    naive, adapted = build(Shape(), domain=False, seed=1), build(Shape(), domain=True, seed=1)
    assert torch.equal(torch.rand(1), expected)
    with_domain = adapted.state_dict()
    assert all(torch.equal(tensor, with_domain[name]) for name, tensor in naive.state_dict().items())
    other = build(Shape(), domain=False, seed=2)
    assert not torch.equal(naive.digit.state_dict()["0.weight"], other.digit.state_dict()["0.weight"])


@pytest.mark.parametrize("domain", [False, True])
def test_outputs_have_a_logit_a_digit_and_one_for_the_domain(domain: bool) -> None:
    for norm in ("none", "shared", "own"):
        outputs = Adapted(Shape((4, 6), norm), domain)(torch.zeros(3, 3, 28, 28))
        assert [tuple(output.shape) for output in outputs] == [(3, 10), (3,)][: 1 + domain]


def test_scales_multiply_whole_feature_maps_before_both_heads() -> None:
    network = build(Shape((4, 6), "own"), domain=True, seed=0).eval()
    assert network.domain
    images, scales = torch.randn(2, 3, 28, 28), torch.tensor([[0.0, 2, 2, 0, 2, 2], [2, 2, 2, 2, 0, 2]])
    maps = network.features(images, ("source",)).view(2, 6, 7, 7) * scales[..., None, None]
    expected = network.digit(maps.flatten(1), ("source",)), network.domain(maps.flatten(1), ("source",))
    digits, domain = network(images, 1.0, ("source",), scales)
    torch.testing.assert_close(digits, expected[0])
    torch.testing.assert_close(domain, expected[1][:, 0])


@pytest.mark.parametrize("dimensions", [2, 4])
def test_each_domain_is_normalised_by_itself_with_a_scale_and_shift_in_common(dimensions: int) -> None:
    torch.manual_seed(0)
    ours = DomainNorm(6, dimensions)
    torch.nn.init.uniform_(ours.weight, 0.5, 2)
    torch.nn.init.normal_(ours.bias)
    plain = {domain: (BatchNorm1d if dimensions == 2 else BatchNorm2d)(6) for domain in DOMAINS}
    for norm in plain.values():
        norm.weight.data, norm.bias.data = ours.weight.data, ours.bias.data
    shape = (5, 6) if dimensions == 2 else (5, 6, 3, 3)
    for _ in range(3):
        halves = {"source": torch.randn(shape), "target": 4 * torch.randn(shape) + 2}
        expected = torch.cat([plain[domain](half) for domain, half in halves.items()])
        torch.testing.assert_close(ours(torch.cat(list(halves.values())), DOMAINS), expected)
    for domain, half in halves.items():  # by the running statistics, of one domain alone
        torch.testing.assert_close(ours.eval()(half, (domain,)), plain[domain].eval()(half))
