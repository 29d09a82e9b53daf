"""Pairs of a generator and a discriminator, of one shape, trained at once, with steps of each in turn.

The pairs are one, whose convolutions keep them apart: each has its own pictures, noise and losses, so
that it learns what it would learn alone. On a GPU many fill it; on a CPU a stack of one is the fastest,
and stacks lie side by side on the cores.

The step is the practical's without what it computes in vain: there the discriminator's loss goes back
through the generator too, and the generator's loss to the weights of the discriminator.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn
from torch.nn import functional

from experiments.generate.networks import Discriminator, Generator
from experiments.nn.device import Precision
from experiments.nn.replay import Replay
from report.errors import ColophonError

Loss = Literal["non-saturating", "saturating"]
RECORDED = 4  # loss of the discriminator and of the generator, D(x), D(G(z))
State = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        epochs: passes over the pictures.
        batch_size: real pictures an iteration, and as many drawn ones.
        learning_rate_d, learning_rate_g: of Adam, for discriminator and generator.
        beta1, beta2: Adam's, of both.
        loss: the generator's, -log D(G(z)) or, saturating, log(1 - D(G(z))).
        precision: of the networks' operations; weights, losses and steps are float32.
        channels_last: whether the maps of a pixel lie together in memory.

    Raises ColophonError where Adam does not take a beta.
    """

    epochs: int
    batch_size: int = 128
    learning_rate_d: float = 2e-4
    learning_rate_g: float = 5e-4
    beta1: float = 0.5
    beta2: float = 0.999
    loss: Loss = "non-saturating"
    precision: Precision = "float32"
    channels_last: bool = False

    def __post_init__(self) -> None:
        for name in ("beta1", "beta2"):
            if not 0 <= (beta := getattr(self, name)) < 1:
                raise ColophonError(
                    f"{name} is {beta:g}: Adam takes betas from 0 to below 1",
                    "With 1 its averages of the gradient would never see a gradient.",
                )


class Stack:
    """S pairs of one shape, trained together.

    Args:
        pairs: with their initial weights; they are not changed.
        recipe: how to train all of them.
        where: the device.

    Attributes:
        records: float32 (S, iterations so far, 4): the losses of discriminator and generator in nats, and
            what the discriminator makes, before its step, of real and of drawn pictures: means of D(x)
            and D(G(z)). Not finite from `stopped` on.
        stopped: of each pair the iteration, counted from 1, whose losses were not finite; else None. Such
            a pair keeps the weights that it had at the start of that epoch.
    """

    def __init__(
        self, pairs: Sequence[tuple[Generator, Discriminator]], recipe: Recipe, where: torch.device
    ) -> None:
        generators, discriminators = (
            [copy.deepcopy(network).to(where).train() for network in networks]
            for networks in zip(*pairs, strict=True)
        )
        self.recipe, self.where = recipe, where
        self.shape = generators[0].shape
        self._generator = _Stacked(generators, recipe.learning_rate_g, recipe)
        self._discriminator = _Stacked(discriminators, recipe.learning_rate_d, recipe)
        self.records = torch.empty(len(pairs), 0, RECORDED)
        self.stopped: list[int | None] = [None] * len(pairs)
        self._before: list[State] = []
        self._now: list[torch.Tensor] = []
        self._replay = Replay(self._step, where)

    def __len__(self) -> int:
        return len(self.stopped)

    def begin(self) -> None:
        """Begin an epoch."""
        self._before = [net.snapshot() for net in (self._generator, self._discriminator)]
        self._now = []

    def step(self, real: torch.Tensor, noise: torch.Tensor, labels: torch.Tensor | None) -> None:
        """One step of the discriminators, and then of the generators.

        Args:
            real: float32 (S, batch, 1, size, size) in [-1, 1].
            noise: float32 (S, batch, shape.noise).
            labels: int64 (S, batch) of the real pictures, told to both networks; None without classes.
        """
        self._now.append(self._replay(real, noise, labels))

    def _step(self, real: torch.Tensor, noise: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
        """The step; gives its records (S, 4)."""
        drawn = self._generator(noise, labels)
        on_real = self._discriminator(real, labels)
        on_drawn = self._discriminator(drawn.detach(), labels)
        loss_d = discriminator_loss(on_real, on_drawn)
        self._discriminator.step(loss_d)
        loss_g = generator_loss(self._discriminator(drawn, labels, fixed=True), self.recipe.loss)
        self._generator.step(loss_g)
        seen = [on_real.sigmoid().mean(1), on_drawn.sigmoid().mean(1)]
        return torch.stack([loss_d, loss_g, *seen], dim=1).detach()

    def end(self) -> None:
        """End an epoch: record it, and give pairs that diverged their earlier weights back."""
        done = self.records.shape[1]
        now = torch.stack(self._now, dim=1).cpu()
        for index, record in enumerate(now):
            wrong = torch.nonzero(~record[:, :2].isfinite().all(1))
            if self.stopped[index] is not None:
                record[:] = torch.nan
            elif len(wrong):
                self.stopped[index] = done + int(wrong[0]) + 1
                record[int(wrong[0]) :] = torch.nan
        self.records = torch.cat([self.records, now], dim=1)
        for network, before in zip((self._generator, self._discriminator), self._before, strict=True):
            network.restore(before, [i for i, stopped in enumerate(self.stopped) if stopped is not None])

    def skip(self, iterations: int) -> None:
        """Pass an epoch over in which no pair is left to train."""
        nothing = torch.full((len(self), iterations, RECORDED), torch.nan)
        self.records = torch.cat([self.records, nothing], dim=1)

    def generator(self, index: int) -> Generator:
        """A copy of one of the generators, in evaluation mode."""
        found = self._generator.network(index)
        assert isinstance(found, Generator)
        return found

    def discriminator(self, index: int) -> Discriminator:
        """A copy of one of the discriminators, in evaluation mode."""
        found = self._discriminator.network(index)
        assert isinstance(found, Discriminator)
        return found

    def state(self) -> dict[str, Any]:
        """All that is needed to go on after an interruption between two epochs."""
        return {
            "generator": self._generator.state(),
            "discriminator": self._discriminator.state(),
            "records": self.records,
            "stopped": self.stopped,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self._generator.load(state["generator"])
        self._discriminator.load(state["discriminator"])
        self.records, self.stopped = state["records"], list(state["stopped"])


def discriminator_loss(on_real: torch.Tensor, on_drawn: torch.Tensor) -> torch.Tensor:
    """The binary cross-entropies (S,) of logits (S, batch) of "real", on real and drawn pictures, added."""
    return functional.softplus(-on_real).mean(1) + functional.softplus(on_drawn).mean(1)


def generator_loss(on_drawn: torch.Tensor, loss: Loss) -> torch.Tensor:
    """The generators' losses (S,) from the logits (S, batch) of "real" on what they drew.

    Args:
        loss: `saturating` is log(1 - D(G(z))) of the minimax game (Goodfellow et al. 2014, equation 1),
            `non-saturating` the -log D(G(z)) that the same paper takes in its place.
    """
    if loss == "saturating":
        return -functional.softplus(on_drawn).mean(1)
    return functional.softplus(-on_drawn).mean(1)


class _Stacked:
    """S networks of one kind side by side as one, and their optimiser."""

    def __init__(
        self, networks: Sequence[Generator] | Sequence[Discriminator], learning_rate: float, recipe: Recipe
    ) -> None:
        self._one, self._count = networks[0], len(networks)
        self.whole = type(self._one)(self._one.shape, self._count)
        tensors = zip(*(network.state_dict().values() for network in networks), strict=True)
        joined = [torch.cat(each) if each[0].ndim else each[0] for each in tensors]
        self.whole.load_state_dict(dict(zip(self._one.state_dict(), joined, strict=True)))
        self.whole.to(next(self._one.parameters()).device).train()
        if recipe.channels_last:
            self.whole.to(memory_format=torch.channels_last)
        self._half = recipe.precision == "bfloat16"
        on_gpu = next(self.whole.parameters()).is_cuda
        self._optimizer = torch.optim.Adam(
            self.whole.parameters(),
            learning_rate,
            (recipe.beta1, recipe.beta2),
            fused=True,
            capturable=on_gpu,
        )

    def __call__(
        self, given: torch.Tensor, labels: torch.Tensor | None, fixed: bool = False
    ) -> torch.Tensor:
        """What each network makes of its part of (S, batch, …); `fixed` gives its weights no gradient."""
        merged = given.transpose(0, 1).flatten(1, 2)
        told = None if labels is None else labels.transpose(0, 1)
        with torch.autocast(given.device.type, torch.bfloat16, enabled=self._half):
            if fixed:
                weights = {name: parameter.detach() for name, parameter in self.whole.named_parameters()}
                found = torch.func.functional_call(self.whole, weights, (merged, told))
            else:
                found = self.whole(merged, told)
        if found.ndim == 4:  # pictures
            found = found.unflatten(1, (self._count, 1))
        return found.float().view(len(merged), self._count, *found.shape[2:]).transpose(0, 1)

    def step(self, losses: torch.Tensor) -> None:
        """Adam's step down the losses (S,)."""
        self._optimizer.zero_grad()
        losses.sum().backward()
        self._optimizer.step()

    def network(self, index: int) -> nn.Module:
        found = copy.deepcopy(self._one)
        found.load_state_dict(
            {name: self._part(tensor, index) for name, tensor in self.whole.state_dict().items()}
        )
        return found.eval()

    def state(self) -> dict[str, Any]:
        return {"tensors": self.whole.state_dict(), "optimizer": self._optimizer.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        self.whole.load_state_dict(state["tensors"])
        self._optimizer.load_state_dict(state["optimizer"])

    def snapshot(self) -> State:
        return {name: tensor.detach().clone() for name, tensor in self.whole.state_dict().items()}

    @torch.no_grad()
    def restore(self, before: State, indices: Sequence[int]) -> None:
        for name, tensor in self.whole.state_dict().items():
            for index in indices:
                self._part(tensor, index).copy_(self._part(before[name], index))

    def _part(self, tensor: torch.Tensor, index: int) -> torch.Tensor:
        """What is one network's of a tensor of all; of those without dimensions, counts of steps, all."""
        return tensor.chunk(self._count)[index] if tensor.ndim else tensor
