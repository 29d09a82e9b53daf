"""Several networks of one shape trained at once: weights stacked, each with its own data and reversal.

The loss of each is its own, so that its gradient is too: a stack learns what its networks would learn
one by one. On a GPU the stacked operations fill it; on a CPU, where a single network already does, a
stack of one is the fastest, and stacks lie side by side on the cores.
"""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn
from torch.nn import functional

from experiments.adapt.networks import DOMAINS, Domain
from experiments.data.domains import MEAN, STD
from experiments.nn.device import Precision
from experiments.nn.replay import Replay

IGNORED = -1  # the label of a picture whose digit is not to be learnt


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        epochs: passes over the pictures.
        batch_size: pictures an iteration, those of both domains together.
        optimizer: SGD with momentum 0.9, the practical's, or Adam.
        learning_rate: at the start; it falls as 1 / (1 + 10 p)^0.75, with p the epoch's place in
            training, from 0 (Ganin & Lempitsky 2015; the practical sets it once an epoch).
        precision: of the networks' operations; weights, losses and steps are float32.
        dropout: the probability with which a picture's feature map is 0 in an iteration; the others are
            as much larger (Tompson et al. 2015).
    """

    epochs: int
    batch_size: int
    optimizer: Literal["sgd", "adam"] = "sgd"
    learning_rate: float = 0.01
    precision: Precision = "float32"
    dropout: float = 0.0

    def rate(self, epoch: int) -> float:
        """The learning rate in an epoch, counted from 0."""
        return self.learning_rate / (1 + 10 * epoch / self.epochs) ** 0.75


@dataclass(frozen=True)
class Part:
    """The pictures of one domain for one epoch of a stack of S networks.

    Attributes:
        images: uint8 (n, 28, 28, channels).
        labels: int64 (n,) for all networks, or (S, n) for each its own; None where they are not learnt.
        order: int64 (S, iterations, batch), which pictures each network sees when.
    """

    images: torch.Tensor
    labels: torch.Tensor | None
    order: torch.Tensor

    def batch(self, chosen: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Pictures (S, batch, 28, 28, 3), normalised, and labels (S, batch), IGNORED where unknown.

        Args:
            chosen: int64 (S, batch), which pictures.
        """
        if self.labels is None:
            labels = torch.full_like(chosen, IGNORED)
        elif self.labels.ndim == 1:
            labels = self.labels[chosen]
        else:
            labels = self.labels.gather(1, chosen)
        return normalized(self.images[chosen]).expand(-1, -1, -1, -1, 3), labels


def normalized(images: torch.Tensor) -> torch.Tensor:
    """Grey levels 0 to 255 as the networks take them."""
    return images.float().mul_(1 / (255 * STD)).sub_(MEAN / STD)


class Stack:
    """S networks of one shape, trained together.

    Args:
        networks: with their initial weights; they are not changed.
        recipe: how to train all of them.
        where: the device.

    Attributes:
        losses: float32 (S, iterations so far), cross-entropy of digits and domains, in nats.
        stopped: of each network the iteration, counted from 1, whose loss was not finite; else None.
            Such a network keeps the weights that it had at the start of that epoch.
    """

    def __init__(self, networks: Sequence[nn.Module], recipe: Recipe, where: torch.device) -> None:
        copies = [copy.deepcopy(network).to(where) for network in networks]
        self.recipe, self.where = recipe, where
        self.parameters, self.buffers = torch.func.stack_module_state(copies)
        self.losses = torch.empty(len(copies), 0)
        self.stopped: list[int | None] = [None] * len(copies)
        self._one = copies[0]
        self._half = recipe.precision == "bfloat16"
        leaves = list(self.parameters.values())
        self._optimizer: torch.optim.Optimizer = (
            torch.optim.SGD(leaves, recipe.learning_rate, momentum=0.9)
            if recipe.optimizer == "sgd"
            else torch.optim.Adam(leaves, recipe.learning_rate, capturable=where.type == "cuda")
        )

    def __len__(self) -> int:
        return len(self.stopped)

    def epoch(
        self,
        parts: Sequence[Part],
        strengths: torch.Tensor | None,
        epoch: int,
        kept: torch.Tensor | None = None,
    ) -> None:
        """Train for one epoch.

        Args:
            parts: the source domain, or source and target; digits are learnt where labels are known.
            strengths: float32 (S, iterations) of the reversal, where the domain is learnt too.
            epoch: its number, from 0.
            kept: bool (S, iterations, batch, channels), the feature maps that dropout leaves, if any.
        """
        if None not in self.stopped:
            return
        before = self._snapshot()
        self._one.train()
        for group in self._optimizer.param_groups:
            group["lr"] = self.recipe.rate(epoch)
        losses = torch.stack(list(self._iterations(parts, strengths, kept)), dim=1).cpu()
        done = self.losses.shape[1]
        self.losses = torch.cat([self.losses, losses], dim=1)
        for index, row in enumerate(losses):
            wrong = torch.nonzero(~row.isfinite())
            if self.stopped[index] is None and len(wrong):
                self.stopped[index] = done + int(wrong[0]) + 1
        self._restore(before)

    def _iterations(
        self, parts: Sequence[Part], strengths: torch.Tensor | None, kept: torch.Tensor | None
    ) -> Iterator[torch.Tensor]:
        """Yield each iteration's losses (S,)."""
        sizes, domains = [part.order.shape[2] for part in parts], DOMAINS[: len(parts)]
        origin = torch.cat([torch.full((n,), 1.0 - i) for i, n in enumerate(sizes)]).to(self.where)

        def step(
            strength: torch.Tensor | None, left: torch.Tensor | None, *chosen: torch.Tensor
        ) -> torch.Tensor:
            batches = [part.batch(own) for part, own in zip(parts, chosen, strict=True)]
            images, labels = zip(*batches, strict=True)
            scales = None if left is None else left / (1 - self.recipe.dropout)
            with torch.autocast(self.where.type, torch.bfloat16, enabled=self._half):
                outputs = self.forward(torch.cat(images, dim=1).movedim(-1, 2), strength, domains, scales)
            outputs = tuple(output.float() for output in outputs)
            losses = digit_loss(outputs[0], torch.cat(labels, dim=1))
            if strength is not None:
                domain = functional.binary_cross_entropy_with_logits(
                    outputs[1], origin.expand_as(outputs[1]), reduction="none"
                )
                losses = losses + domain.mean(1)
            self._optimizer.zero_grad()
            losses.sum().backward()
            self._optimizer.step()
            return losses.detach()

        replay = Replay(step, self.where)  # of this epoch: the next one has another learning rate
        for iteration in range(parts[0].order.shape[1]):
            strength = None if strengths is None else strengths[:, iteration]
            left = None if kept is None else kept[:, iteration]
            yield replay(strength, left, *(part.order[:, iteration] for part in parts))

    def forward(
        self,
        images: torch.Tensor,
        strength: torch.Tensor | None,
        domains: Sequence[Domain],
        scales: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, ...]:
        """What each network makes of its images (S, batch, 3, 28, 28), stacked."""
        strengths = torch.zeros(len(self), device=self.where) if strength is None else strength
        if len(self) == 1:
            state = {name: tensor[0] for name, tensor in (*self.parameters.items(), *self.buffers.items())}
            given = images[0], strengths[0], domains, None if scales is None else scales[0]
            return tuple(output[None] for output in torch.func.functional_call(self._one, state, given))

        def run(
            parameters: dict,
            buffers: dict,
            images: torch.Tensor,
            strength: torch.Tensor,
            scales: torch.Tensor | None,
        ) -> tuple[torch.Tensor, ...]:
            given = images, strength, domains, scales
            return torch.func.functional_call(self._one, (parameters, buffers), given)

        each = torch.func.vmap(run, in_dims=(0, 0, 0, 0, None if scales is None else 0))
        return each(self.parameters, self.buffers, images, strengths, scales)

    def network(self, index: int) -> nn.Module:
        """A copy of one of the networks, in evaluation mode."""
        found = copy.deepcopy(self._one)
        state = {**self.parameters, **self.buffers}
        found.load_state_dict({name: tensor[index].detach() for name, tensor in state.items()})
        return found.eval()

    def state(self) -> dict[str, Any]:
        """All that is needed to go on after an interruption."""
        return {
            "parameters": self.parameters,
            "buffers": self.buffers,
            "optimizer": self._optimizer.state_dict(),
            "losses": self.losses,
            "stopped": self.stopped,
        }

    @torch.no_grad()
    def load(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        for own, saved in ((self.parameters, state["parameters"]), (self.buffers, state["buffers"])):
            for name, tensor in own.items():
                tensor.copy_(saved[name])
        self._optimizer.load_state_dict(state["optimizer"])
        self.losses, self.stopped = state["losses"], list(state["stopped"])

    def _snapshot(self) -> dict[str, torch.Tensor]:
        return {name: tensor.detach().clone() for name, tensor in self._named()}

    @torch.no_grad()
    def _restore(self, before: dict[str, torch.Tensor]) -> None:
        """Give the stopped networks their earlier weights back."""
        for index in (i for i, stopped in enumerate(self.stopped) if stopped is not None):
            for name, tensor in self._named():
                tensor[index] = before[name][index]

    def _named(self) -> Iterator[tuple[str, torch.Tensor]]:
        yield from self.parameters.items()
        yield from self.buffers.items()


def digit_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """The mean cross-entropy (S,) of logits (S, batch, 10) over the labels (S, batch) that are known."""
    each = functional.cross_entropy(
        logits.flatten(0, 1), labels.flatten(), reduction="none", ignore_index=IGNORED
    )
    known = (labels != IGNORED).sum(1).clamp(min=1)
    return each.view_as(labels).sum(1) / known
