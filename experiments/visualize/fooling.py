"""The practical's attack: a picture is moved towards another class until the network names it.

Each iteration takes a step of length η up the gradient of the target's logit, in normalised space:
x ← x + η ∇S / ‖∇S‖₂ (practical 3-b, `make_fooling_image`). The gradient takes in the whole network,
so the attacker must know its weights. Nothing keeps a value within black and white.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import torch

from experiments.nn.inference import BATCH, Classify, in_batches
from report.errors import ColophonError

Objective = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]  # of logits (n, classes) and classes (n,)
Bounds = tuple[torch.Tensor, torch.Tensor]  # the normalised values of black and of white, (3, 1, 1)


@dataclass(frozen=True)
class Plan:
    """How an attack goes.

    Attributes:
        step: η, the Euclidean length of a step in normalised space.
        iterations: steps that it may take to reach the target.
        beyond: steps that it goes on after that.

    Raises ColophonError for a step that is not above zero, no iterations, and fewer than zero beyond.
    """

    step: float = 1.0
    iterations: int = 100
    beyond: int = 0

    def __post_init__(self) -> None:
        if not self.step > 0:
            raise ColophonError(f"an attack with steps of {self.step}", "Take a step above zero.")
        if self.iterations < 1:
            raise ColophonError(f"an attack of {self.iterations} iterations", "Allow one at least.")
        if self.beyond < 0:
            raise ColophonError(f"an attack that goes {self.beyond} iterations beyond", "0 stops at once.")


@dataclass(frozen=True)
class Fooled:
    """What an attack made of n pictures.

    Attributes:
        boundary: the pictures where the target was first named, (n, 3, h, w), normalised; where it
            never was, as the last step left them.
        further: the same after the steps beyond.
        iterations: steps taken to the boundary, int64 (n,).
        reached: whether the network named the target, bool (n,).
        dead: whether the attack ended because the target's gradient was exactly zero, bool (n,).
        first: the direction of the first step, of length 1, (n, 3, h, w); zero where none was taken.
        trace: probability of the class that the network named of the clean picture, and of the target,
            before each step and after the last, (steps + 1, n, 2); after the end of an attack NaN.
    """

    boundary: torch.Tensor
    further: torch.Tensor
    iterations: torch.Tensor
    reached: torch.Tensor
    dead: torch.Tensor
    first: torch.Tensor
    trace: torch.Tensor


def fool(
    classify: Classify,
    images: torch.Tensor,
    targets: torch.Tensor,
    plan: Plan,
    bounds: Bounds | None = None,
) -> Fooled:
    """Attack each of `images` (n, 3, h, w), normalised, towards its class in `targets` (n,).

    The pictures go side by side and leave when they are done, with the result that each would have
    alone. A target whose gradient is zero (torchvision's SqueezeNet has a ReLU behind the scores)
    can't be approached: the attack ends there.

    Raises ColophonError for a target that is no class, or that the network names already.
    """
    logits = in_batches(classify, images)
    original = check_targets(logits, targets)
    current, boundary, first = images.clone(), images.clone(), torch.zeros_like(images)
    count = len(images)
    iterations = torch.zeros(count, dtype=torch.int64)
    reached, dead = (torch.zeros(count, dtype=torch.bool) for _ in range(2))
    left = torch.full((count,), plan.beyond)  # steps beyond that are still to come
    trace = torch.full((plan.iterations + plan.beyond + 1, count, 2), torch.nan)
    active = torch.arange(count)
    for step in range(len(trace)):
        logits, directions, length = ascent(classify, current[active], targets[active])
        trace[step, active] = logits.softmax(1).gather(1, torch.stack([original, targets], 1)[active]).cpu()
        arrived = (logits.argmax(1) == targets[active]).cpu() & ~reached[active]
        reached[active[arrived]] = True
        boundary[active[arrived]] = current[active[arrived]]
        lost = length.cpu() == 0
        dead[active] |= lost & ~reached[active]
        spent = torch.where(reached[active], left[active] == 0, iterations[active] == plan.iterations)
        going = ~lost & ~spent
        active = active[going]
        if not len(active):
            break
        if step == 0:
            first[active] = directions[going]
        moved = current[active] + plan.step * directions[going]
        current[active] = moved if bounds is None else moved.clamp(*bounds)
        iterations[active] += (~reached[active]).long()
        left[active] -= reached[active].long()
    boundary[~reached] = current[~reached]
    return Fooled(boundary, current, iterations, reached, dead, first, trace)


def joined(parts: Sequence[Fooled]) -> Fooled:
    """Attacks under one plan that were made in parts, in their order."""
    tensors = [
        torch.cat([getattr(part, field.name) for part in parts], dim=int(field.name == "trace"))
        for field in fields(Fooled)
    ]
    return Fooled(*tensors)


def chosen(fooled: Fooled, which: torch.Tensor) -> Fooled:
    """Of n attacks those where `which`, bool (n,), is true."""
    tensors = {field.name: getattr(fooled, field.name) for field in fields(Fooled)}
    return Fooled(**{name: t[:, which] if name == "trace" else t[which] for name, t in tensors.items()})


def check_targets(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The classes (n,) that logits (n, classes) name; raises ColophonError for targets that can't be."""
    named, classes = logits.argmax(1), logits.shape[1]
    for index, (own, target) in enumerate(zip(named.tolist(), targets.tolist(), strict=True)):
        if not 0 <= target < classes:
            raise ColophonError(
                f"picture {index} is to become class {target}, which does not exist",
                f"The network knows classes 0 to {classes - 1}.",
            )
        if own == target:
            raise ColophonError(
                f"picture {index} is to become class {target}, which the network says it is already",
                "Choose another target.",
            )
    return named


def ascent(
    classify: Classify, images: torch.Tensor, targets: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The logits (n, classes), the gradient of each target's logit scaled to length 1 (n, 3, h, w), and
    its length before (n,); a gradient of zero stays zero."""
    logits, gradient = slopes(
        classify, images, targets, lambda scores, wanted: scores.gather(1, wanted[:, None])
    )
    length = gradient.flatten(1).norm(dim=1)
    unit = gradient / torch.where(length > 0, length, 1.0).view(-1, 1, 1, 1)
    return logits, unit, length


def slopes(
    classify: Classify, images: torch.Tensor, classes: torch.Tensor, objective: Objective
) -> tuple[torch.Tensor, torch.Tensor]:
    """The logits (n, classes), and the gradient of each picture's objective, (n, 3, h, w)."""
    logits, gradients = [], []
    for part, wanted in zip(images.split(BATCH), classes.split(BATCH), strict=True):
        picture = part.detach().requires_grad_(True)
        scores = classify(picture)
        total = objective(scores, wanted).sum()  # pictures don't mix in evaluation mode
        gradients.append(torch.autograd.grad(total, picture)[0])
        logits.append(scores.detach())
    return torch.cat(logits), torch.cat(gradients)
