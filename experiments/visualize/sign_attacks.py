"""Attacks within a budget: no value changes by more than ε grey levels, nor leaves black to white.

Untargeted: they raise the cross-entropy of the true class. Pictures are in grey levels, 0 to 255.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch.nn.functional import cross_entropy

from experiments.nn.inference import Classify, in_batches
from experiments.visualize.fooling import slopes
from report.errors import ColophonError

STRIDE = 2.5  # of projected gradient descent, in ε a step: from any start all of the ball is in reach


@dataclass(frozen=True)
class Search:
    """What projected gradient descent found in n pictures.

    Attributes:
        wrong: whether a picture within the budget is named otherwise than its class, bool (n,).
        images: the first such picture, else the last that was tried, (n, 3, h, w).
    """

    wrong: torch.Tensor
    images: torch.Tensor


def fgsm(
    classify: Classify, levels: torch.Tensor, labels: torch.Tensor, budgets: Iterable[float]
) -> Iterator[torch.Tensor]:
    """One step along the sign of the gradient (Goodfellow et al. 2015, arXiv:1412.6572).

    Yields the pictures (n, 3, h, w) of each budget, which is the length of the step.

    Args:
        classify: gives the logits (n, classes) of pictures in grey levels.
        levels: the pictures, (n, 3, h, w).
        labels: their classes, (n,).
        budgets: ε in grey levels, one or more.

    Raises ColophonError for a budget below zero.
    """
    climb = uphill(classify, levels, labels)[1].sign()
    for budget in budgets:
        check(budget)
        yield (levels + budget * climb).clamp(0, 255)


def pgd(
    classify: Classify, levels: torch.Tensor, labels: torch.Tensor, budget: float, steps: int, seed: int
) -> Search:
    """Projected gradient descent from a random start (Madry et al. 2018, arXiv:1706.06083).

    Each step of 2.5 ε / steps along the sign of the gradient is projected onto the ball. A picture
    that is named otherwise is left as it is. The same seed gives the same starts, times ε.

    Args: as for `fgsm`, with one budget, and how many steps it takes.

    Raises ColophonError for a budget below zero and fewer than one step.
    """
    check(budget)
    if steps < 1:
        raise ColophonError(f"projected gradient descent of {steps} steps", "Allow one at least.")
    low, high = (levels - budget).clamp(min=0), (levels + budget).clamp(max=255)
    drawn = torch.rand(levels.shape, generator=torch.Generator().manual_seed(seed)).to(levels.device)
    current = torch.clamp(levels + budget * (2 * drawn - 1), low, high)
    wrong = torch.zeros_like(labels, dtype=torch.bool)
    for _ in range(steps):
        left = (~wrong).nonzero()[:, 0]
        if not len(left):
            break
        logits, gradient = uphill(classify, current[left], labels[left])
        fallen = logits.argmax(1) != labels[left]
        wrong[left[fallen]] = True
        left = left[~fallen]
        moved = current[left] + STRIDE * budget / steps * gradient[~fallen].sign()
        current[left] = torch.clamp(moved, low[left], high[left])
    left = (~wrong).nonzero()[:, 0]
    if len(left):
        wrong[left] = in_batches(classify, current[left]).argmax(1) != labels[left]
    return Search(wrong, current)


def uphill(
    classify: Classify, levels: torch.Tensor, labels: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The logits (n, classes), and each picture's gradient of its cross-entropy, (n, 3, h, w).

    The loss is taken in float64: in float32 a probability near 1 is 1, and its gradient 0.
    """
    return slopes(
        classify,
        levels,
        labels,
        lambda scores, true: cross_entropy(scores.double(), true, reduction="none"),
    )


def check(budget: float) -> None:
    if budget < 0:
        raise ColophonError(f"a budget of {budget} grey levels", "Give zero or more.")
