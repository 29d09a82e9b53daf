"""One step against the practical's, losses against torch's BCELoss, and pairs that diverge."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from experiments.generate.networks import Shape, build
from experiments.generate.training import Loss, Recipe, Stack, discriminator_loss, generator_loss
from report.errors import ColophonError

CPU = torch.device("cpu")
PLAIN = Shape(noise=5, generator=4, discriminator=4, size=16)
TOLD = Shape(noise=5, generator=2, discriminator=2, size=16, classes=10)
logits = st.lists(st.floats(-12, 12), min_size=1, max_size=6).map(
    lambda values: torch.tensor([values], dtype=torch.float64)
)


@settings(max_examples=50, deadline=None)
@given(on_real=logits, on_drawn=logits)
def test_the_losses_are_binary_cross_entropies_of_the_discriminators_answers(on_real, on_drawn) -> None:
    bce = nn.BCELoss()
    real, drawn = on_real[0].sigmoid(), on_drawn[0].sigmoid()
    expected = bce(real, torch.ones_like(real)) + bce(drawn, torch.zeros_like(drawn))
    torch.testing.assert_close(discriminator_loss(on_real, on_drawn)[0], expected)
    expected = bce(drawn, torch.ones_like(drawn))
    torch.testing.assert_close(generator_loss(on_drawn, "non-saturating")[0], expected)
    # Equation 4.1: the generator lowers what the discriminator raises, log(1 - D(G(z))).
    expected = -bce(drawn, torch.zeros_like(drawn))
    torch.testing.assert_close(generator_loss(on_drawn, "saturating")[0], expected)


def test_only_the_saturating_loss_has_no_gradient_where_the_discriminator_is_sure() -> None:
    expected: list[tuple[Loss, float]] = [("saturating", 0), ("non-saturating", 1)]
    for loss, steepness in expected:
        sure = torch.tensor([[-30.0]], requires_grad=True)
        generator_loss(sure, loss).sum().backward()
        assert sure.grad is not None
        assert sure.grad.abs().item() == pytest.approx(steepness, abs=1e-6)
        assert sure.grad.item() <= 0  # both make the discriminator call drawn pictures real


def practical_step(pair, real, noise, labels, recipe: Recipe) -> list[torch.Tensor]:
    """A step as the practical takes it, nothing detached and the graph kept; gives both gradients."""
    generator, discriminator = pair
    bce, betas = nn.BCELoss(), (recipe.beta1, recipe.beta2)
    optimizer_d = torch.optim.Adam(discriminator.parameters(), recipe.learning_rate_d, betas)
    optimizer_g = torch.optim.Adam(generator.parameters(), recipe.learning_rate_g, betas)

    def judged(pictures: torch.Tensor, answer: float) -> torch.Tensor:
        probability = discriminator(pictures, labels).sigmoid()
        return bce(probability, torch.full_like(probability, answer))

    fake = generator(noise, labels)
    optimizer_d.zero_grad()
    (judged(real, 1.0) + judged(fake, 0.0)).backward(retain_graph=True)
    gradients = [torch.cat([p.grad.flatten() for p in discriminator.parameters()])]
    optimizer_d.step()
    optimizer_g.zero_grad()
    (-judged(fake, 0.0) if recipe.loss == "saturating" else judged(fake, 1.0)).backward()
    gradients.append(torch.cat([p.grad.flatten() for p in generator.parameters()]))
    optimizer_g.step()
    return gradients


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("loss", ["non-saturating", "saturating"])
@pytest.mark.parametrize("shape", [PLAIN, TOLD], ids=["DCGAN", "cDCGAN"])
def test_gradients_and_steps_are_the_practicals(shape, loss, channels_last) -> None:
    torch.manual_seed(0)
    pair = build(shape, "torch", 1)
    recipe = Recipe(1, loss=loss, channels_last=channels_last)
    stack = Stack([pair], recipe, CPU)
    stack.begin()
    theirs = [copy.deepcopy(network).train() for network in pair]
    real, noise = torch.randn(12, 1, 16, 16).tanh(), torch.randn(12, 5)
    labels = torch.arange(12) % 10 if shape.classes else None
    gradients = practical_step(theirs, real, noise, labels, recipe)
    stack.step(real[None], noise[None], None if labels is None else labels[None])
    for own, expected in zip((stack._discriminator, stack._generator), gradients, strict=True):
        found = torch.cat([p.grad.flatten() for p in own.whole.parameters() if p.grad is not None])
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-7)
    for own, other in zip((stack.generator(0), stack.discriminator(0)), theirs, strict=True):
        for name, tensor in other.state_dict().items():
            # Adam's first step is a sign: weights whose gradient is zero but for rounding may part.
            close = torch.isclose(own.state_dict()[name].float(), tensor.float(), rtol=1e-4, atol=1e-6)
            assert close.float().mean() > 0.995, name


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("shape", [PLAIN, TOLD], ids=["DCGAN", "cDCGAN"])
def test_stacked_pairs_learn_what_they_learn_alone(shape, channels_last) -> None:
    torch.manual_seed(0)
    pairs = [build(shape, "dcgan", seed) for seed in (1, 2, 3)]
    recipe = Recipe(1, channels_last=channels_last)
    together = Stack(pairs, recipe, CPU)
    alone = [Stack([pair], recipe, CPU) for pair in pairs]
    for stack in (together, *alone):
        stack.begin()
    for _ in range(3):
        real, noise = torch.randn(3, 12, 1, 16, 16).tanh(), torch.randn(3, 12, 5)
        labels = torch.randint(0, 10, (3, 12)) if shape.classes else None
        together.step(real, noise, labels)
        for index, stack in enumerate(alone):
            own = None if labels is None else labels[index : index + 1]
            stack.step(real[index : index + 1], noise[index : index + 1], own)
    for stack in (together, *alone):
        stack.end()
    assert together.records.shape == (3, 3, 4) and together.records.isfinite().all()
    for index, stack in enumerate(alone):
        torch.testing.assert_close(together.records[index], stack.records[0], rtol=1e-3, atol=1e-4)
        own, other = together.generator(index).state_dict(), stack.generator(0).state_dict()
        for name, tensor in other.items():
            close = torch.isclose(own[name].float(), tensor.float(), rtol=1e-2, atol=1e-4)
            assert close.float().mean() > 0.97, name


def test_records_are_the_losses_and_the_discriminators_answers_before_its_step() -> None:
    torch.manual_seed(0)
    generator, discriminator = build(PLAIN, "dcgan", 1)
    stack = Stack([(generator, discriminator)], Recipe(1), CPU)
    real, noise = torch.randn(12, 1, 16, 16).tanh(), torch.randn(12, 5)
    stack.begin()
    stack.step(real[None], noise[None], None)
    stack.end()
    on_real = discriminator.train()(real).sigmoid()
    on_drawn = discriminator(generator.train()(noise)).sigmoid()
    loss_d, _, seen_real, seen_drawn = stack.records[0, 0].tolist()
    assert seen_real == pytest.approx(on_real.mean().item(), abs=1e-5)
    assert seen_drawn == pytest.approx(on_drawn.mean().item(), abs=1e-5)
    expected = -(on_real.log().mean() + (1 - on_drawn).log().mean()).item()
    assert loss_d == pytest.approx(expected, rel=1e-4)


def test_a_pair_that_diverges_stops_and_keeps_the_weights_before_that_epoch() -> None:
    torch.manual_seed(0)
    stack = Stack([build(PLAIN, "dcgan", seed) for seed in (1, 2)], Recipe(2), CPU)
    noise = torch.randn(2, 12, 5)
    good, bad = torch.randn(2, 12, 1, 16, 16).tanh(), torch.randn(2, 12, 1, 16, 16).tanh()
    bad[0] = torch.inf
    before: list[dict[str, torch.Tensor]] = []
    for batches in ((good, good), (good, bad), (good, good)):
        stack.begin()
        for real in batches:
            stack.step(real, noise, None)
        stack.end()
        before.append(stack.generator(0).state_dict())
    assert stack.stopped == [4, None]
    assert stack.records[0, :3].isfinite().all() and stack.records[0, 3:].isnan().all()
    assert stack.records[1].isfinite().all()
    for name, tensor in before[0].items():
        assert torch.equal(before[1][name], tensor) and torch.equal(before[2][name], tensor)


@pytest.mark.parametrize("name", ["beta1", "beta2"])
@pytest.mark.parametrize("beta", [1.0, -0.1, float("nan")])
def test_a_beta_that_adam_does_not_take_is_refused(name, beta) -> None:
    with pytest.raises(ColophonError, match=f"{name} is .*from 0 to below 1"):
        Recipe(1, **{name: beta})


def test_in_bfloat16_a_step_goes_where_it_goes_in_float32() -> None:
    torch.manual_seed(0)
    real, noise = torch.randn(1, 32, 1, 16, 16).tanh(), torch.randn(1, 32, 5)
    gradients = []
    for precision in ("float32", "bfloat16"):
        stack = Stack([build(PLAIN, "torch", 1)], Recipe(1, precision=precision), CPU)
        stack.begin()
        stack.step(real, noise, None)
        parameters = list(stack._discriminator.whole.parameters())
        assert all(p.dtype == torch.float32 for p in parameters)
        gradients.append(torch.cat([p.grad.flatten() for p in parameters if p.grad is not None]))
    assert torch.cosine_similarity(*gradients, dim=0) > 0.99
    assert not torch.equal(*gradients)
