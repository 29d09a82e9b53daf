"""Networks trained together learn what each would learn alone; a diverging one stops alone."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from experiments.adapt.networks import DOMAINS, Adapted, Shape, build
from experiments.adapt.stack import IGNORED, Part, Recipe, Stack, digit_loss, normalized

CPU = torch.device("cpu")
STRENGTHS = torch.tensor([[0.0, 0.3, 0.6], [1.0, 1.0, 1.0], [-0.5, 0.0, 0.5]])


class Reverse(torch.autograd.Function):
    """The reversed gradient as the paper's own code has it."""

    @staticmethod
    def forward(ctx, features, strength):
        ctx.strength = strength
        return features.view_as(features)

    @staticmethod
    def backward(ctx, *gradients):
        return -ctx.strength * gradients[0], None


def pictures(channels: int, seed: int) -> torch.Tensor:
    return torch.from_numpy(
        np.random.default_rng(seed).integers(0, 256, (40, 28, 28, channels), dtype=np.uint8)
    )


def parts(networks: int, seed: int = 0) -> list[Part]:
    """Three iterations of 5 + 5 pictures; each network has an order of its own."""
    rng = np.random.default_rng(seed)
    order = [torch.from_numpy(rng.integers(40, size=(networks, 3, 5))) for _ in range(2)]
    labels = torch.from_numpy(rng.integers(10, size=40))
    return [Part(pictures(1, 1), labels, order[0]), Part(pictures(3, 2), None, order[1])]


def left_maps(epoch: int) -> torch.Tensor:
    """The feature maps that dropout leaves the three networks in the three iterations."""
    return torch.from_numpy(np.random.default_rng(epoch).random((3, 3, 10, 6)) >= 0.5)


def one_by_one(network: Adapted, index: int, recipe: Recipe, epochs: int) -> list[float]:
    """The practical's loop, written plainly; trains `network` in place."""
    optimizer = (
        torch.optim.SGD(network.parameters(), recipe.learning_rate, momentum=0.9)
        if recipe.optimizer == "sgd"
        else torch.optim.Adam(network.parameters(), recipe.learning_rate)
    )
    losses = []
    network.train()
    for epoch in range(epochs):
        source, target = parts(3, epoch)
        assert source.labels is not None and network.domain
        rate = recipe.learning_rate / (1 + 10 * epoch / recipe.epochs) ** 0.75
        optimizer.param_groups[0]["lr"] = rate
        for iteration in range(3):
            first, second = source.order[index, iteration], target.order[index, iteration]
            images = [source.images[first].expand(-1, -1, -1, 3), target.images[second]]
            batch = (torch.cat(images).permute(0, 3, 1, 2) / 255 - 0.13066062) / 0.30810776
            features = network.features(batch, DOMAINS)
            if recipe.dropout:
                left = left_maps(epoch)[index, iteration].float() / (1 - recipe.dropout)
                features = features * left.repeat_interleave(49, dim=1)
            domain = network.domain(Reverse.apply(features, STRENGTHS[index, iteration]), DOMAINS)
            loss = functional.cross_entropy(network.digit(features, DOMAINS)[:5], source.labels[first])
            origin = torch.tensor([1.0] * 5 + [0.0] * 5)
            loss = loss + functional.binary_cross_entropy_with_logits(domain[:, 0], origin)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("norm", ["none", "shared", "own"])
@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_a_stack_learns_what_the_plain_loop_learns(optimizer, norm, alone, dropout) -> None:
    recipe = Recipe(4, 10, optimizer, 0.01 if optimizer == "sgd" else 1e-3, dropout=dropout)
    networks = [build(Shape((4, 6), norm), True, seed) for seed in (1, 2, 3)]
    chosen = [1] if alone else [0, 1, 2]
    stack = Stack([networks[i] for i in chosen], recipe, CPU)
    for epoch in range(2):
        own = [Part(p.images, p.labels, p.order[chosen]) for p in parts(3, epoch)]
        stack.epoch(own, STRENGTHS[chosen], epoch, left_maps(epoch)[chosen] if dropout else None)
    for place, index in enumerate(chosen):
        losses = one_by_one(networks[index], index, recipe, 2)
        np.testing.assert_allclose(stack.losses[place], losses, rtol=2e-4)
        if optimizer == "sgd":  # Adam turns the last bits of a gradient of zero into whole steps
            found = stack.network(place).state_dict()
            for name, tensor in networks[index].state_dict().items():
                torch.testing.assert_close(found[name], tensor, rtol=1e-3, atol=1e-5)
        images = normalized(pictures(3, 9)).permute(0, 3, 1, 2)
        expected = networks[index].eval()(images)[0]
        torch.testing.assert_close(stack.network(place)(images)[0], expected, rtol=1e-2, atol=1e-2)


def test_the_practicals_learning_rate_falls_once_an_epoch() -> None:
    recipe = Recipe(20, 128)
    expected = [0.01 / (1 + 10 * epoch / 20) ** 0.75 for epoch in range(20)]
    assert [recipe.rate(epoch) for epoch in range(20)] == pytest.approx(expected)


def test_the_digit_loss_is_the_mean_over_known_labels() -> None:
    logits = torch.randn(2, 4, 10)
    labels = torch.tensor([[3, IGNORED, 7, IGNORED], [IGNORED] * 4])
    expected = functional.cross_entropy(logits[0, [0, 2]], torch.tensor([3, 7]))
    torch.testing.assert_close(digit_loss(logits, labels), torch.stack([expected, torch.tensor(0.0)]))


def test_labels_can_be_each_networks_own() -> None:
    labels = torch.tensor([[1] * 40, [2] * 40])
    order = torch.zeros(2, 3, 5, dtype=torch.int64)
    _, found = Part(pictures(3, 0), labels, order).batch(order[:, 0])
    assert found.tolist() == [[1] * 5, [2] * 5]


def test_a_diverging_network_stops_with_its_place_and_the_others_go_on() -> None:
    networks = [build(Shape((4, 6)), True, seed) for seed in (1, 2)]
    healthy = Stack(networks[1:], Recipe(4, 10), CPU)
    both = Stack(networks, Recipe(4, 10), CPU)
    strengths = STRENGTHS[:2].clone()
    for epoch in range(3):
        every = parts(2, epoch)
        if epoch == 1:
            strengths[0, 1] = torch.nan
            start = both.network(0).state_dict()
        both.epoch(every, strengths, epoch)
        healthy.epoch([Part(p.images, p.labels, p.order[1:]) for p in every], strengths[1:], epoch)
    assert both.stopped == [3 + 2, None]
    assert not both.losses[0, 4].isfinite() and both.losses[0, :4].isfinite().all()
    torch.testing.assert_close(both.losses[1], healthy.losses[0], rtol=1e-4, atol=1e-5)
    assert all(torch.equal(tensor, start[name]) for name, tensor in both.network(0).state_dict().items())


def test_a_stack_goes_on_from_its_state_to_the_same_weights() -> None:
    networks = [build(Shape((4, 6), "own"), True, seed) for seed in (1, 2, 3)]
    whole, first, second = (Stack(networks, Recipe(4, 10, "adam", 1e-3), CPU) for _ in range(3))
    for epoch in range(2):
        whole.epoch(parts(3, epoch), STRENGTHS, epoch)
    first.epoch(parts(3, 0), STRENGTHS, 0)
    second.load(first.state())
    second.epoch(parts(3, 1), STRENGTHS, 1)
    assert torch.equal(whole.losses, second.losses)
    for index in range(3):
        expected = whole.network(index).state_dict()
        assert all(torch.equal(t, expected[name]) for name, t in second.network(index).state_dict().items())


def test_bfloat16_changes_the_losses_by_its_rounding_only() -> None:
    network = build(Shape((4, 6)), True, 1)
    stacks = [Stack([network], Recipe(4, 10, precision=p), CPU) for p in ("float32", "bfloat16")]
    for stack in stacks:
        stack.epoch(parts(1), STRENGTHS[:1], 0)
    exact, rounded = (stack.losses for stack in stacks)
    assert 0 < (exact - rounded).abs().max() < 0.02
    assert all(p.dtype == torch.float32 for p in stacks[1].network(0).parameters())
