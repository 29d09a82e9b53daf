"""Trainings that differ in their seeds: their order and noise, what is drawn on the way, checkpoints."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from experiments.data.mnist import Digits
from experiments.generate.kept import draw
from experiments.generate.networks import Generator, Initialisation, Shape, build
from experiments.generate.pictures import normalized
from experiments.generate.training import Recipe, Stack
from experiments.nn import device
from experiments.nn.threads import in_threads
from report.errors import ColophonError
from report.stage import Outputs


@dataclass(frozen=True)
class Trained:
    """What a training ended with.

    Attributes:
        generator: on the CPU, in evaluation mode.
        records: float32 (iterations, 4), as `Stack.records`.
        last: their mean over the last epoch, (4,); None where the training stopped.
        stopped: the iteration, counted from 1, whose losses were not finite: the weights are then those
            of the end of the epoch before.
    """

    seed: int
    generator: Generator
    records: np.ndarray
    last: np.ndarray | None
    stopped: int | None


@dataclass
class Grid:
    """Pictures that the first seed's generator draws of the same noise over time.

    Attributes:
        noise: float32 (n, shape.noise).
        labels: int64 (n,) for networks with classes.
        every: how many iterations lie between two drawings; the last iteration is always drawn.
        frames: uint8 (n, size, size) each, one an entry of `displayed`, filled in training.
        displayed: after how many iterations each was drawn, from 0.
    """

    noise: torch.Tensor
    labels: torch.Tensor | None
    every: int
    frames: list[np.ndarray] = field(default_factory=list)
    displayed: list[int] = field(default_factory=list)

    def show(self, stack: Stack, done: int, last: bool = False) -> None:
        """Draw with the stack's first generator, if it is time to after `done` iterations."""
        if (last or done % self.every == 0) and done not in self.displayed:
            self.displayed.append(done)
            self.frames.append(draw(stack.generator(0), self.noise, self.labels))

    def state(self) -> dict[str, Any]:
        """As a checkpoint keeps it."""
        return {"displayed": self.displayed, "frames": [torch.from_numpy(f) for f in self.frames]}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.displayed = list(state["displayed"])
        self.frames = [frame.numpy() for frame in state["frames"]]


def train(
    seeds: Sequence[int],
    digits: Digits,
    shape: Shape,
    initialisation: Initialisation,
    recipe: Recipe,
    grid: Grid,
    outputs: Outputs,
    label: str,
    at_once: int | None = None,
) -> list[Trained]:
    """Train a pair for each seed, which draws its initial weights, the order of the pictures and the noise.

    Args:
        digits: real pictures, uint8 (n, size, size, 1); their labels are told where the shape has classes.
        grid: filled on the way.
        label: for progress and the checkpoint, which is written after each epoch; trainings that were
            interrupted end with the weights of ones that were not.
        at_once: pairs in a stack; None for one on a CPU, all on a GPU.

    Raises ColophonError where the pictures do not fill one batch.
    """
    if len(digits) < recipe.batch_size:
        raise ColophonError(
            f"{len(digits)} training images do not fill one batch of {recipe.batch_size}",
            "Lower batch_size or take more images.",
        )
    where = device.choose()
    at_once = at_once or (len(seeds) if where.type == "cuda" else 1)
    parts = [seeds[start : start + at_once] for start in range(0, len(seeds), at_once)]
    stacks = [Stack([build(shape, initialisation, seed) for seed in part], recipe, where) for part in parts]
    checkpoint = outputs.checkpoint / f"{label.replace(' ', '-')}.pt"
    done = _resume(checkpoint, stacks, grid)
    images = torch.from_numpy(digits.images).to(where)
    labels = torch.from_numpy(digits.labels).to(where) if shape.classes else None
    for epoch in outputs.progress(range(done, recipe.epochs), unit="epochs", label=label):

        def work(place: int, epoch: int = epoch) -> None:
            last = epoch == recipe.epochs - 1
            _epoch(stacks[place], parts[place], images, labels, epoch, grid if place == 0 else None, last)

        in_threads(work, range(len(stacks)))
        _keep(checkpoint, stacks, grid, epoch + 1)
    return [
        _trained(stack, index, seed)
        for stack, part in zip(stacks, parts, strict=True)
        for index, seed in enumerate(part)
    ]


def iterations(images: int, batch_size: int) -> int:
    """Gradient steps an epoch; the last one may have fewer pictures, as the practical's has."""
    return -(-images // batch_size)


def _epoch(
    stack: Stack,
    seeds: Sequence[int],
    images: torch.Tensor,
    labels: torch.Tensor | None,
    epoch: int,
    grid: Grid | None,
    last: bool,
) -> None:
    """Train a stack for an epoch, unless all of it has stopped."""
    batch, count = stack.recipe.batch_size, len(images)
    if None not in stack.stopped:
        stack.skip(iterations(count, batch))
        return
    rngs = [np.random.default_rng((seed, epoch)) for seed in seeds]
    order = torch.from_numpy(np.stack([rng.permutation(count) for rng in rngs])).to(images.device)
    done = epoch * iterations(count, batch)
    if grid and epoch == 0:
        grid.show(stack, 0)
    stack.begin()
    for start in range(0, count, batch):
        chosen = order[:, start : start + batch]
        own = None if labels is None else labels[chosen]
        stack.step(normalized(images[chosen]), _noise(rngs, chosen.shape[1], stack), own)
        done += 1
        if grid and not (last and start + batch >= count):
            grid.show(stack, done)
    stack.end()
    if grid and last:
        grid.show(stack, done, last=True)


def _noise(rngs: Sequence[np.random.Generator], count: int, stack: Stack) -> torch.Tensor:
    shape = (count, stack.shape.noise)
    rows = [rng.standard_normal(shape, dtype=np.float32) for rng in rngs]
    return torch.from_numpy(np.stack(rows)).to(stack.where)


def _trained(stack: Stack, index: int, seed: int) -> Trained:
    records, stopped = stack.records[index].numpy(), stack.stopped[index]
    if stopped:
        print(f"seed {seed}: a loss was not finite at iteration {stopped}; this training ended there")
    last = None if stopped else records[-(len(records) // stack.recipe.epochs) :].mean(0)
    return Trained(seed, stack.generator(index).cpu(), records, last, stopped)


def _keep(file: Path, stacks: Sequence[Stack], grid: Grid, epochs: int) -> None:
    temporary = file.with_suffix(".tmp")
    states = [stack.state() for stack in stacks]
    torch.save({"epochs": epochs, "stacks": states, "grid": grid.state()}, temporary)
    temporary.replace(file)


def _resume(file: Path, stacks: Sequence[Stack], grid: Grid) -> int:
    """Load the checkpoint, if there is one; gives how many epochs it holds."""
    if not file.exists():
        return 0
    saved = torch.load(file, map_location="cpu", weights_only=True)
    for stack, state in zip(stacks, saved["stacks"], strict=True):
        stack.load(state)
    grid.load(saved["grid"])
    return saved["epochs"]
