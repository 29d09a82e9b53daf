"""Training of a classifier on tensors, in epochs, with checkpoints."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from report.errors import ColophonError


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        epochs: passes over the images.
        batch_size: images an iteration; the last, smaller batch of an epoch is left out.
        learning_rate: constant, or the peak of the schedule.
        weight_decay: of AdamW, which without it is Adam.
        schedule: `one-cycle` is Smith & Topin's (2017, arXiv:1708.07120).
        order_seed: of the order of the images in each epoch, whatever else is drawn at random, so
            that two networks see the same; None draws it from torch's generator.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    schedule: Literal["one-cycle", "constant"] = "one-cycle"
    order_seed: int | None = None


class Trainer:
    """Trains a network on images (n, channels, height, width), or features (n, d), with labels (n,).

    The state after each epoch goes to `checkpoint/training.pt`, random generator included, so that
    a training that was interrupted ends with the very weights of one that was not. A training of
    seconds needs no checkpoint: None.

    Args:
        groups: parameters with a learning rate of their own, as torch's optimisers take them, each
            with `params` and `lr`; None trains all of the network at the recipe's.

    Attributes:
        losses: cross-entropy of each iteration so far, in nats.
    """

    def __init__(
        self,
        network: nn.Module,
        recipe: Recipe,
        count: int,
        checkpoint: Path | None,
        groups: list[dict[str, Any]] | None = None,
    ) -> None:
        self.network = network
        self.recipe = recipe
        self.iterations = count // recipe.batch_size
        if self.iterations == 0:
            raise ColophonError(
                f"{count} training images do not fill one batch of {recipe.batch_size}",
                "Lower batch_size or draw more images.",
            )
        self.optimizer = torch.optim.AdamW(
            groups or network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self.schedule = self._schedule()
        self.losses: list[float] = []
        self._file = checkpoint / "training.pt" if checkpoint else None
        if self._file and self._file.exists():
            self._restore(self._file)

    @property
    def epochs_done(self) -> int:
        """Whole epochs trained so far, those before an interruption included."""
        return len(self.losses) // self.iterations

    def epoch(self, images: torch.Tensor, labels: torch.Tensor) -> None:
        """Train for one epoch and write the checkpoint.

        Raises ColophonError where the loss is not finite.
        """
        self.network.train()
        order = self._order(len(labels)).to(labels.device)
        for batch in self._batches(order):
            loss = functional.cross_entropy(self.network(images[batch]), labels[batch])
            self.losses.append(loss.item())
            if not math.isfinite(self.losses[-1]):
                raise ColophonError(
                    f"training diverged: the loss is {self.losses[-1]} at iteration "
                    f"{len(self.losses)} (learning rate {self.schedule.get_last_lr()[0]:.2g})",
                    "Lower learning_rate.",
                )
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.schedule.step()
        self._save()

    def _batches(self, order: torch.Tensor) -> Iterator[torch.Tensor]:
        size = self.recipe.batch_size
        for index in range(self.iterations):
            yield order[index * size : (index + 1) * size]

    def _order(self, count: int) -> torch.Tensor:
        if self.recipe.order_seed is None:
            return torch.randperm(count)
        rng = np.random.default_rng((self.recipe.order_seed, self.epochs_done))
        return torch.from_numpy(rng.permutation(count))

    def _schedule(self) -> torch.optim.lr_scheduler.LRScheduler:
        if self.recipe.schedule == "constant":
            return torch.optim.lr_scheduler.ConstantLR(self.optimizer, factor=1)
        peaks = [group["lr"] for group in self.optimizer.param_groups]
        return torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, peaks, total_steps=self.recipe.epochs * self.iterations
        )

    def _save(self) -> None:
        if self._file is None:
            return
        state = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "losses": self.losses,
            "rng": torch.get_rng_state(),
            "cuda_rng": torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else [],
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._file.with_suffix(".tmp")
        torch.save(state, temporary)
        temporary.replace(self._file)

    def _restore(self, file: Path) -> None:
        state = torch.load(file, map_location="cpu", weights_only=True)
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.losses = list(state["losses"])
        torch.set_rng_state(state["rng"])
        if state["cuda_rng"]:
            torch.cuda.set_rng_state_all(state["cuda_rng"])


@torch.no_grad()
def predict(network: nn.Module, images: torch.Tensor, batch_size: int = 256) -> torch.Tensor:
    """The most likely class of each image, int64 (n,), from the network in evaluation mode."""
    network.eval()
    return torch.cat([network(part).argmax(1) for part in images.split(batch_size)])
