"""Many trainings that differ in seed, reversal and order of the pictures, by one loop."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from experiments.adapt.networks import Adapted, Shape, build
from experiments.adapt.reversal import Schedule
from experiments.adapt.stack import Part, Recipe, Stack
from experiments.nn import device
from experiments.nn.threads import in_threads
from report.errors import ColophonError
from report.stage import Outputs

DROPOUT = 9  # its random numbers are others than those of the domains' order
STACKED_ON_GPU = 64  # networks in one stack there; their activations are about 100 MB each


@dataclass(frozen=True)
class Plan:
    """One training.

    Attributes:
        seed: of the initial weights and of the order of the pictures.
        schedule: of the reversal; None for a network without a domain head.
        shuffled: whether each domain is shuffled in each epoch; the practical does not, and shows in
            every batch the same digits in both domains.
    """

    seed: int
    schedule: Schedule | None = None
    shuffled: bool = False


@dataclass(frozen=True)
class Pool:
    """A domain's pictures, uint8 (n, 28, 28, channels), and their labels (n,) if they are learnt."""

    images: torch.Tensor
    labels: torch.Tensor | None


@dataclass(frozen=True)
class Trained:
    """What a training ended with.

    Attributes:
        network: in evaluation mode.
        losses: of each iteration, in nats, not finite from `stopped` on.
        loss: mean over the last epoch; None where the training stopped.
        stopped: the iteration, counted from 1, at which the loss was not finite: the weights are then
            those of the end of the epoch before.
    """

    plan: Plan
    network: Adapted
    losses: np.ndarray
    loss: float | None
    stopped: int | None


def train(
    plans: Sequence[Plan],
    pools: Sequence[Pool],
    recipe: Recipe,
    shape: Shape,
    outputs: Outputs,
    label: str,
    at_once: int | None = None,
) -> list[Trained]:
    """Train a network for each plan.

    Args:
        plans: all with a schedule, or all without.
        pools: the source domain, or source and target, on the CPU; a batch holds equally many of each.
        label: for progress and the checkpoint, which is written after each epoch; a sweep that was
            interrupted ends with the weights of one that was not.
        at_once: networks in a stack; None for one on a CPU, as many as fit on a GPU.

    Raises ColophonError where the pictures do not fill one batch.
    """
    where = device.choose()
    at_once = at_once or (STACKED_ON_GPU if where.type == "cuda" else 1)
    parts = [plans[start : start + at_once] for start in range(0, len(plans), at_once)]
    stacks = [Stack([_initial(plan, shape) for plan in part], recipe, where) for part in parts]
    checkpoint = outputs.checkpoint / f"{label.replace(' ', '-')}.pt"
    done = _resume(checkpoint, stacks)
    moved = [_to(pool, where) for pool in pools]
    for epoch in outputs.progress(range(done, recipe.epochs), unit="epochs", label=label):

        def work(pair: tuple[Stack, Sequence[Plan]], epoch: int = epoch) -> None:
            stack, part = pair
            data = data_of(part, moved, recipe, epoch)
            left = kept_maps([plan.seed for plan in part], data, recipe, shape, epoch)
            stack.epoch(data, _strengths(part, recipe, epoch, data, where), epoch, left)

        in_threads(work, zip(stacks, parts, strict=True))
        _keep(checkpoint, stacks, epoch + 1)
    pairs = zip(stacks, parts, strict=True)
    return [_trained(stack, index, plan) for stack, part in pairs for index, plan in enumerate(part)]


def data_of(plans: Sequence[Plan], pools: Sequence[Pool], recipe: Recipe, epoch: int) -> list[Part]:
    """The pictures of one epoch, for a stack with these plans."""
    batch = recipe.batch_size // len(pools)
    iterations = min(len(pool.images) for pool in pools) // batch
    if iterations == 0:
        fewest = min(len(pool.images) for pool in pools)
        raise ColophonError(
            f"{fewest} training images do not fill their part of a batch, {batch}",
            "Lower batch_size or take more images.",
        )
    found = []
    for place, pool in enumerate(pools):
        rows = [_order(plan, epoch, place, len(pool.images))[: iterations * batch] for plan in plans]
        order = np.stack(rows).reshape(len(plans), iterations, batch)
        found.append(Part(pool.images, pool.labels, torch.from_numpy(order).to(pool.images.device)))
    return found


def kept_maps(
    seeds: Sequence[int], parts: Sequence[Part], recipe: Recipe, shape: Shape, epoch: int
) -> torch.Tensor | None:
    """The feature maps that dropout leaves in an epoch, as `Stack.epoch` takes them; None without dropout.

    They depend on seed and epoch alone, not on the device or on what else is trained.
    """
    if not recipe.dropout:
        return None
    iterations = parts[0].order.shape[1]
    size = iterations, sum(part.order.shape[2] for part in parts), shape.channels[1]
    rows = [
        np.random.default_rng((seed, epoch, DROPOUT)).random(size, dtype=np.float32) >= recipe.dropout
        for seed in seeds
    ]
    return torch.from_numpy(np.stack(rows)).to(parts[0].order.device)


def _order(plan: Plan, epoch: int, place: int, count: int) -> np.ndarray:
    if not plan.shuffled:
        return np.arange(count)
    return np.random.default_rng((plan.seed, epoch, place)).permutation(count)


def _strengths(
    plans: Sequence[Plan], recipe: Recipe, epoch: int, parts: Sequence[Part], where: torch.device
) -> torch.Tensor | None:
    iterations = parts[0].order.shape[1]
    progress = (epoch * iterations + np.arange(iterations)) / (recipe.epochs * iterations)
    rows = [plan.schedule.at(progress) for plan in plans if plan.schedule]
    return torch.tensor(np.stack(rows), dtype=torch.float32, device=where) if rows else None


def _initial(plan: Plan, shape: Shape) -> Adapted:
    return build(shape, plan.schedule is not None, plan.seed)


def _trained(stack: Stack, index: int, plan: Plan) -> Trained:
    network, losses = stack.network(index), stack.losses[index].numpy()
    assert isinstance(network, Adapted)
    stopped = stack.stopped[index]
    if stopped:
        print(f"{plan}: the loss was not finite at iteration {stopped}; this training ended there")
    last = losses[-(len(losses) // stack.recipe.epochs) :]
    return Trained(plan, network, losses, None if stopped else float(last.mean()), stopped)


def _to(pool: Pool, where: torch.device) -> Pool:
    return Pool(pool.images.to(where), None if pool.labels is None else pool.labels.to(where))


def _keep(file: Path, stacks: Sequence[Stack], epochs: int) -> None:
    temporary = file.with_suffix(".tmp")
    torch.save({"epochs": epochs, "stacks": [stack.state() for stack in stacks]}, temporary)
    temporary.replace(file)


def _resume(file: Path, stacks: Sequence[Stack]) -> int:
    """Load the checkpoint, if there is one; gives how many epochs it holds."""
    if not file.exists():
        return 0
    saved = torch.load(file, map_location="cpu", weights_only=True)
    for stack, state in zip(stacks, saved["stacks"], strict=True):
        stack.load(state)
    return saved["epochs"]
