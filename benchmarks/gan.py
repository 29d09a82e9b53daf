"""Real images per second of a GAN's step: the practical's own against this project's.

    python benchmarks/gan.py [--batch-size N] [--steps N] [--conditional] [--width N]

The practical's step goes back from the discriminator's loss through the generator, keeps the graph, and
goes back from the generator's loss to the discriminator's weights; torch's BCELoss, Adam and networks are
as in its notebook, each operation in as many threads as the process has. Ours is run as generate/dcgan
runs it: on a CPU a pair a core, on a GPU as many pairs in a stack. Pictures are noise: no data are read.

Times depend on what else the machine does: both are measured by turns, and the best of each is told.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a file, from any folder

from experiments.generate.networks import Shape, build
from experiments.generate.training import Recipe, Stack
from experiments.nn import device
from experiments.nn.threads import in_threads

ROUNDS = 3
PAIRS_ON_GPU = 3  # seeds of a variant, which are one stack there


def main() -> None:
    arguments = parse()
    width = arguments.width
    shape = Shape(generator=width, discriminator=width, classes=10 if arguments.conditional else 0)
    where = device.choose()
    kinds: dict[str, Callable[[int], int]] = {
        "the practical's step": practical(shape, arguments.batch_size, where),
        "ours": ours(shape, Recipe(1, arguments.batch_size), where),
        "ours, channels last": ours(shape, Recipe(1, arguments.batch_size, channels_last=True), where),
    }
    half = device.resolve("auto", where)
    if half != "float32":
        recipe = Recipe(1, arguments.batch_size, precision=half, channels_last=True)
        kinds[f"ours, {half}, channels last"] = ours(shape, recipe, where)
    name = "cDCGAN" if arguments.conditional else "DCGAN"
    print(f"{name} of width {width}, batches of {arguments.batch_size}")
    print(f"on {where}, {torch.get_num_threads()} threads")
    best = dict.fromkeys(kinds, 0.0)
    for steps in [1] + [arguments.steps] * ROUNDS:
        for kind, run in kinds.items():
            started = time.perf_counter()
            images = run(steps)
            if where.type == "cuda":
                torch.cuda.synchronize()
            if steps > 1 or arguments.steps == 1:
                best[kind] = max(best[kind], images / (time.perf_counter() - started))
    first = next(iter(best.values()))
    for kind, speed in best.items():
        print(f"{kind:32s} {speed:10,.0f} images/s   {speed / first:5.2f} times")


def practical(shape: Shape, batch: int, where: torch.device) -> Callable[[int], int]:
    """Runs steps as the practical's notebook takes them; gives how many real images they used."""
    generator, discriminator = (network.to(where).train() for network in build(shape, "dcgan", 1))
    optimizer_g = torch.optim.Adam(generator.parameters(), 5e-4, (0.5, 0.999))
    optimizer_d = torch.optim.Adam(discriminator.parameters(), 2e-4, (0.5, 0.999))
    bce = nn.BCELoss()
    real, labels = pictures(shape, batch, where)
    ones, zeros = torch.ones(batch, device=where), torch.zeros(batch, device=where)

    def run(steps: int) -> int:
        for _ in range(steps):
            fake = generator(torch.randn(batch, shape.noise, device=where), labels)
            optimizer_d.zero_grad()
            on_real = discriminator(real, labels).sigmoid()
            on_fake = discriminator(fake, labels).sigmoid()
            (bce(on_real, ones) + bce(on_fake, zeros)).backward(retain_graph=True)
            optimizer_d.step()
            optimizer_g.zero_grad()
            loss = bce(discriminator(fake, labels).sigmoid(), ones)
            loss.backward()
            optimizer_g.step()
            loss.item()  # the notebook keeps its losses
        return steps * batch

    return run


def ours(shape: Shape, recipe: Recipe, where: torch.device) -> Callable[[int], int]:
    """Runs steps as the stages do; gives how many real images they used."""
    at_once, stacked = (1, PAIRS_ON_GPU) if where.type == "cuda" else (torch.get_num_threads(), 1)
    stacks = [
        Stack([build(shape, "dcgan", 1 + seed) for seed in range(stacked)], recipe, where)
        for _ in range(at_once)
    ]
    real, labels = pictures(shape, recipe.batch_size, where)
    real = real.expand(stacked, *real.shape)
    labels = None if labels is None else labels.expand(stacked, -1)

    def run(steps: int) -> int:
        def work(stack: Stack) -> None:
            stack.begin()
            for _ in range(steps):
                noise = torch.randn(stacked, recipe.batch_size, shape.noise).to(where)
                stack.step(real, noise, labels)
            stack.end()

        in_threads(work, stacks)
        return steps * recipe.batch_size * stacked * at_once

    return run


def pictures(shape: Shape, batch: int, where: torch.device) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Noise in the place of a batch of pictures, and labels if there are classes."""
    real = torch.rand(batch, 1, shape.size, shape.size, device=where) * 2 - 1
    return real, torch.arange(batch, device=where) % shape.classes if shape.classes else None


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--steps", type=int, default=5, help="steps a round")
    parser.add_argument("--conditional", action="store_true", help="the cDCGAN of the practical")
    parser.add_argument("--width", type=int, default=32, help="of both networks; the practical's is 32")
    return parser.parse_args()


if __name__ == "__main__":
    main()
