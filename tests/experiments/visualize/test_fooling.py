import math

import pytest
import torch

from experiments.visualize import fooling
from experiments.visualize.fooling import Plan
from report.errors import ColophonError

SHAPE = (3, 4, 4)


def linear(seed: int, classes: int = 5):
    """A linear classifier of pictures, and its weights (classes, 48)."""
    weights = torch.randn(classes, math.prod(SHAPE), generator=torch.Generator().manual_seed(seed))
    return lambda pictures: pictures.flatten(1) @ weights.T, weights


def pictures(count: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(count, *SHAPE, generator=torch.Generator().manual_seed(seed))


def targets_for(classify, images: torch.Tensor) -> torch.Tensor:
    """The least probable class of each picture."""
    return classify(images).argmin(1)


@pytest.fixture
def network():
    torch.manual_seed(3)
    layers = torch.nn.Conv2d(3, 8, 3), torch.nn.Tanh(), torch.nn.Flatten(), torch.nn.Linear(32, 6)
    return torch.nn.Sequential(*layers).eval().requires_grad_(False)


@pytest.mark.parametrize("seed", range(5))
def test_a_linear_classifier_is_fooled_along_the_targets_weights_in_the_steps_that_algebra_gives(
    seed,
) -> None:
    classify, weights = linear(seed)
    image = pictures(1, seed)
    target = targets_for(classify, image)
    step = 0.05
    found = fooling.fool(classify, image, target, Plan(step, 1000))
    direction = weights[target[0]] / weights[target[0]].norm()
    gains = (weights[target[0]] - weights) @ direction  # of the target over each class, per unit length
    logits = classify(image)[0]
    assert (gains[torch.arange(5) != target[0]] > 0).all()
    needed = max(
        float((logits[other] - logits[target[0]]) / (step * gains[other]))
        for other in range(5)
        if other != target[0]
    )
    steps = math.floor(needed) + 1
    assert found.reached.item() and found.iterations.item() == steps
    expected = image.flatten() + steps * step * direction
    torch.testing.assert_close(found.boundary.flatten(), expected, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(found.first.flatten(), direction)


def test_pictures_side_by_side_end_like_each_alone(network) -> None:
    images = pictures(11)  # more than a batch
    targets = targets_for(network, images)
    plan = Plan(step=0.1, iterations=60, beyond=4)
    together = fooling.fool(network, images, targets, plan)
    alone = [fooling.fool(network, images[i : i + 1], targets[i : i + 1], plan) for i in range(11)]
    apart = fooling.joined(alone)
    assert len(set(together.iterations.tolist())) > 3
    assert torch.equal(together.iterations, apart.iterations) and torch.equal(
        together.reached, apart.reached
    )
    for name in ("boundary", "further", "first", "trace"):
        torch.testing.assert_close(
            getattr(together, name), getattr(apart, name), atol=1e-4, rtol=1e-4, equal_nan=True
        )


def test_the_target_is_named_at_the_boundary_and_not_one_step_before(network) -> None:
    images = pictures(6)
    targets = targets_for(network, images)
    found = fooling.fool(network, images, targets, Plan(step=0.1, iterations=100))
    assert found.reached.all()
    assert torch.equal(network(found.boundary).argmax(1), targets)
    assert torch.equal(found.boundary, found.further)
    for index, steps in enumerate(found.iterations.tolist()):
        assert found.trace[: steps + 1, index].isfinite().all()
        assert found.trace[steps + 1 :, index].isnan().all()
        shorter = fooling.fool(
            network, images[index : index + 1], targets[index : index + 1], Plan(0.1, steps - 1)
        )
        assert not shorter.reached.item() and not shorter.dead.item()
        assert shorter.iterations.item() == steps - 1


def test_the_trace_holds_the_probabilities_of_the_first_class_and_of_the_target(network) -> None:
    images = pictures(2)
    targets, named = targets_for(network, images), network(images).argmax(1)
    found = fooling.fool(network, images, targets, Plan(step=0.1, iterations=100))
    for index, steps in enumerate(found.iterations.tolist()):
        for step, shown in ((0, images), (steps, found.boundary)):
            probabilities = network(shown)[index].softmax(0)
            expected = probabilities[torch.stack([named[index], targets[index]])]
            torch.testing.assert_close(found.trace[step, index], expected)


def test_steps_beyond_go_on_in_the_same_way() -> None:
    classify, weights = linear(0)
    images = pictures(3)
    targets = targets_for(classify, images)
    found = fooling.fool(classify, images, targets, Plan(step=0.2, iterations=500, beyond=7))
    direction = weights[targets] / weights[targets].norm(dim=1, keepdim=True)
    moved = (found.further - found.boundary).flatten(1)
    torch.testing.assert_close(moved, 7 * 0.2 * direction, atol=1e-4, rtol=1e-4)


def test_a_target_behind_a_closed_relu_is_a_failure_with_its_reason_and_without_nan() -> None:
    classify, _ = linear(1)

    def scores(images: torch.Tensor) -> torch.Tensor:
        return classify(images).relu()

    images = pictures(1)
    logits = classify(images)[0]
    alive = (logits > 0).nonzero()[:, 0]
    dead = int((logits < 0).nonzero()[0, 0])
    second = int(alive[logits[alive].argsort(descending=True)[1]])
    images = images.repeat(2, 1, 1, 1)
    found = fooling.fool(scores, images, torch.tensor([dead, second]), Plan(0.1, 500))
    assert found.dead.tolist() == [True, False] and found.reached.tolist() == [False, True]
    assert found.iterations[0] == 0 and torch.equal(found.boundary[0], images[0])
    assert not found.first[0].any() and found.further.isfinite().all()


def test_clamped_attacks_stay_within_black_and_white(network) -> None:
    images = pictures(4).clamp(-0.5, 0.5)
    bounds = torch.full((3, 1, 1), -0.5), torch.full((3, 1, 1), 0.5)
    targets = targets_for(network, images)
    free = fooling.fool(network, images, targets, Plan(0.2, 30, 5))
    kept = fooling.fool(network, images, targets, Plan(0.2, 30, 5), bounds)
    assert free.further.abs().max() > 0.6
    assert kept.further.abs().max() <= 0.5 and kept.boundary.abs().max() <= 0.5


def test_attacks_are_chosen_by_a_mask(network) -> None:
    images = pictures(3)
    found = fooling.fool(network, images, targets_for(network, images), Plan(0.1, 100))
    part = fooling.chosen(found, torch.tensor([True, False, True]))
    assert torch.equal(part.boundary, found.boundary[[0, 2]])
    torch.testing.assert_close(part.trace, found.trace[:, [0, 2]], equal_nan=True)


def test_targets_that_cannot_be_are_refused_by_name(network) -> None:
    images = pictures(2)
    named = network(images).argmax(1)
    other = targets_for(network, images)
    with pytest.raises(ColophonError, match=r"picture 1 .*class 6, which does not exist"):
        fooling.fool(network, images, torch.tensor([int(other[0]), 6]), Plan())
    with pytest.raises(ColophonError, match=r"picture 0 .*class -1, which does not exist"):
        fooling.fool(network, images, torch.tensor([-1, int(other[1])]), Plan())
    with pytest.raises(ColophonError, match="says it is already"):
        fooling.fool(network, images, torch.stack([other[0], named[1]]), Plan())


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ({"step": 0.0}, "steps of 0"),
        ({"step": -1.0}, "steps of -1"),
        ({"iterations": 0}, "0 iterations"),
        ({"beyond": -1}, "-1 iterations beyond"),
    ],
)
def test_attacks_that_go_nowhere_are_refused(plan, message) -> None:
    with pytest.raises(ColophonError, match=message):
        Plan(**plan)
