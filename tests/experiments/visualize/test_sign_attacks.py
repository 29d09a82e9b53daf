import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from experiments.visualize import sign_attacks
from report.errors import ColophonError

SHAPE = (3, 4, 4)


def linear(seed: int, classes: int = 3) -> torch.Tensor:
    return 0.01 * torch.randn(classes, 48, generator=torch.Generator().manual_seed(seed))


def pictures(count: int, seed: int, low: float = 0, high: float = 255) -> torch.Tensor:
    return low + (high - low) * torch.rand(count, *SHAPE, generator=torch.Generator().manual_seed(seed))


@given(budget=st.floats(0, 300), steps=st.integers(1, 5), seed=st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_no_attack_leaves_the_ball_or_the_range_of_grey_levels(budget, steps, seed) -> None:
    weights, levels = linear(seed), pictures(3, seed)

    def classify(x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(x.flatten(1) @ weights.T)

    labels = classify(levels).argmax(1)
    found = sign_attacks.pgd(classify, levels, labels, budget, steps, seed)
    (stepped,) = sign_attacks.fgsm(classify, levels, labels, [budget])
    for images in (stepped, found.images):
        assert (images - levels).abs().max() <= budget + 1e-4  # float32 of a grey level
        assert images.min() >= 0 and images.max() <= 255
    assert torch.equal(found.wrong, classify(found.images).argmax(1) != labels)


@pytest.mark.parametrize("seed", range(5))
def test_on_two_linear_classes_both_reach_the_worst_picture_within_the_budget(seed) -> None:
    weights, levels, budget = linear(seed, 2), pictures(4, seed, 50, 200), 5.0

    def classify(x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1) @ weights.T

    labels = classify(levels).argmax(1)
    away = (weights[1 - labels] - weights[labels]).sign().view_as(levels)
    worst = levels + budget * away  # maximises the other class's lead over a ball in L-infinity
    half, whole = sign_attacks.fgsm(classify, levels, labels, [budget / 2, budget])
    torch.testing.assert_close(whole, worst)
    torch.testing.assert_close(half, (levels + worst) / 2)
    falls = classify(worst).argmax(1) != labels
    found = sign_attacks.pgd(classify, levels, labels, budget, 10, seed)
    assert torch.equal(found.wrong, falls)
    torch.testing.assert_close(found.images[~falls], worst[~falls])


def test_many_steps_find_what_one_step_misses() -> None:
    levels = torch.full((1, *SHAPE), 100.0)

    def classify(x: torch.Tensor) -> torch.Tensor:
        """Class 1 in a thin shell that one long step passes over."""
        moved = (x - 100).mean(dim=(1, 2, 3))
        return torch.stack([torch.zeros_like(moved), 0.2 + moved / 100 - (moved - 2).abs()], dim=1)

    labels = torch.zeros(1, dtype=torch.long)
    (once,) = sign_attacks.fgsm(classify, levels, labels, [8])
    assert classify(once).argmax() == 0
    assert sign_attacks.pgd(classify, levels, labels, 8, 80, seed=0).wrong.item()


def test_pictures_that_are_wrong_already_are_not_touched_further() -> None:
    weights, levels = linear(0), pictures(3, 0)

    def classify(x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1) @ weights.T

    labels = (classify(levels).argmax(1) + 1) % 3
    found = sign_attacks.pgd(classify, levels, labels, 0.0, 3, seed=1)
    assert found.wrong.all() and torch.equal(found.images, levels)


def test_the_gradient_is_that_of_the_cross_entropy_of_each_picture() -> None:
    weights, levels = linear(2), pictures(9, 2)
    labels = torch.arange(9) % 3
    logits, found = sign_attacks.uphill(lambda x: x.flatten(1) @ weights.T, levels, labels)
    torch.testing.assert_close(logits, levels.flatten(1) @ weights.T)
    residual = (levels.flatten(1) @ weights.T).softmax(1) - functional.one_hot(labels, 3)
    torch.testing.assert_close(found.flatten(1), residual @ weights)


def test_budgets_below_zero_and_no_steps_are_refused() -> None:
    levels, labels = pictures(1, 0), torch.zeros(1, dtype=torch.long)
    with pytest.raises(ColophonError, match="a budget of -1 grey levels"):
        list(sign_attacks.fgsm(lambda x: x.flatten(1), levels, labels, [-1]))
    with pytest.raises(ColophonError, match=r"a budget of -0\.5 grey levels"):
        sign_attacks.pgd(lambda x: x.flatten(1), levels, labels, -0.5, 3, seed=0)
    with pytest.raises(ColophonError, match="of 0 steps"):
        sign_attacks.pgd(lambda x: x.flatten(1), levels, labels, 1, 0, seed=0)
