"""Networks that are trained on with their own predictions as labels, round by round (Lee 2013)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from pydantic import Field
from scipy.special import softmax

from experiments.adapt import methods
from experiments.adapt.evaluation import predict
from experiments.adapt.methods import VARIANTS, VariantName, load
from experiments.adapt.networks import DOMAINS, Adapted, Domain, Shape
from experiments.adapt.selection import Selection, order_of, select
from experiments.adapt.stack import IGNORED, Part, Stack
from experiments.adapt.sweep import kept_maps
from experiments.data.domains import Domains
from experiments.nn import device
from experiments.nn.threads import in_threads
from report import stage
from report.errors import ColophonError
from report.stage import quantity


class Settings(methods.Settings):
    starts: tuple[VariantName, ...] = Field(
        default=("practical", "improved"), min_length=1, description="of adapt/dann, to go on from"
    )
    selections: tuple[Selection, ...] = Field(
        default=("none", "all", "confident", "balanced"), min_length=1, description="which labels are kept"
    )
    rounds: int = Field(default=20, ge=1, le=200, description="the published report's number")
    iterations: int | None = Field(
        default=None, ge=1, description="gradient steps a round; none for one pass over the pictures"
    )
    threshold: float = Field(
        default=0.95, ge=0, le=1, description="probability that a confident label has; a usual value"
    )
    shares: tuple[float, float] = Field(
        default=(0.2, 0.9),
        description="of the pictures that balanced labels cover at most, from first to last round",
    )


class Run(stage.Metrics):
    seed: int = quantity("of the network that was gone on from, and of the order")
    first: float = quantity("accuracy on the target's test pictures before the first round", "fraction", 1)
    last: float = quantity("the same after the last round", "fraction", 1)
    source: float = quantity("accuracy on the source's test pictures after the last round", "fraction", 1)
    precision_first: float = quantity(
        "share of the kept labels that are right, first round; 0 where none was kept", "fraction", 1
    )
    precision_last: float = quantity("the same in the last round", "fraction", 1)
    stopped: int | None = quantity("iteration at which the loss was not finite; none for a whole training")


def train(groups: Sequence["SelfTraining"], settings: Settings, outputs: stage.Outputs, label: str) -> None:
    """All rounds of all groups, with a checkpoint after each round."""
    file = outputs.checkpoint / f"{label}.pt"
    if file.exists():
        for group, state in zip(groups, torch.load(file, weights_only=True), strict=True):
            group.load(state)
    rounds = range(groups[0].rounds, settings.rounds)
    for _ in outputs.progress(rounds, unit="rounds", label=label):
        in_threads(SelfTraining.round, groups)
        temporary = file.with_suffix(".tmp")
        torch.save([group.state() for group in groups], temporary)
        temporary.replace(file)


def iterations_of(settings: Settings, both: Domains) -> int:
    """Gradient steps a round. Raises ColophonError where the pictures do not fill half a batch."""
    fewest = min(len(both.source), len(both.target))
    found = settings.iterations or fewest // (settings.batch_size // 2)
    if found == 0:
        raise ColophonError(
            f"{fewest} training images do not fill half a batch of {settings.batch_size}",
            "Lower batch_size or take more images.",
        )
    return found


class SelfTraining:
    """Networks that are trained on with their own labels, each for itself, in one stack.

    Args:
        members: of each network which labels it keeps, and its seed.
        start: the variant of adapt/dann that they go on from.
        dann: its result.

    Attributes:
        history: a row (networks, 3) a round: the target accuracy before it, precision and share of the
            labels that were kept.
    """

    def __init__(
        self,
        members: Sequence[tuple[Selection, int]],
        start: VariantName,
        settings: Settings,
        dann: stage.Result,
        both: Domains,
    ) -> None:
        self.members, self.settings, self.both = members, settings, both
        self.history: list[list[list[float]]] = []
        networks = [load(dann, start, seed, settings.channels) for _, seed in members]
        method = next(method for method in dann.metrics["methods"] if method["slug"] == start)
        recipe = settings.recipe(settings.rounds, VARIANTS[start].improved, method["dropout"])
        self.stack = Stack(networks, recipe, device.choose())

    @property
    def rounds(self) -> int:
        """Rounds done so far."""
        return len(self.history)

    def round(self) -> None:
        """Label, keep, train."""
        labels = np.stack([self._labels(index, how) for index, (how, _) in enumerate(self.members)])
        right = labels == self.both.target.labels
        known = labels != IGNORED
        precision = (right & known).sum(1) / np.maximum(known.sum(1), 1)
        before = [self._accuracy(index, "target") for index in range(len(self.members))]
        self.history.append(np.stack([before, precision, known.mean(1)], axis=1).tolist())
        parts, epoch = self._parts(labels), self.rounds - 1
        seeds = [seed for _, seed in self.members]
        kept = kept_maps(seeds, parts, self.stack.recipe, Shape(self.settings.channels), epoch)
        self.stack.epoch(parts, None, epoch, kept)

    def ends(self) -> list[tuple[Run, np.ndarray]]:
        """Of each network its run and its history (rounds + 1, 3), whose last row has the end alone."""
        history = np.array(self.history)
        found = []
        for index, (how, seed) in enumerate(self.members):
            stopped = self.stack.stopped[index]
            if stopped:
                print(f"{how}, seed {seed}: the loss was not finite at iteration {stopped}; it ended there")
            source, target = (self._accuracy(index, domain) for domain in DOMAINS)
            own = np.concatenate([history[:, index], [[target, 0, 0]]])
            run = Run(
                seed=seed,
                first=own[0, 0],
                last=target,
                source=source,
                precision_first=own[0, 1],
                precision_last=own[-2, 1],
                stopped=stopped,
            )
            found.append((run, own))
        return found

    def state(self) -> dict[str, Any]:
        """All that is needed to go on after an interruption."""
        return {"history": self.history, "stack": self.stack.state()}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.history = state["history"]
        self.stack.load(state["stack"])

    def _labels(self, index: int, how: Selection) -> np.ndarray:
        if how == "none":
            return np.full(len(self.both.target), IGNORED, dtype=np.int64)
        half = self.stack.recipe.precision == "bfloat16"
        logits, _ = predict(self._network(index), self.both.target.images, "target", half)
        first, last = self.settings.shares
        share = first + (last - first) * self.rounds / max(1, self.settings.rounds - 1)
        return select(softmax(logits.astype(float), axis=1), how, self.settings.threshold, share)

    def _parts(self, labels: np.ndarray) -> list[Part]:
        batch = self.settings.batch_size // 2
        iterations = iterations_of(self.settings, self.both)
        orders: list[list[np.ndarray]] = [[], []]
        for own, (_, seed) in zip(labels, self.members, strict=True):
            rng = np.random.default_rng((seed, self.rounds))
            for place, known in enumerate((self.both.source.labels, own)):
                orders[place].append(order_of(known, iterations * batch, rng))
        shape = len(self.members), iterations, batch
        images = self.both.source.images, self.both.target.images
        parts = []
        for pictures, known, order in zip(images, (self.both.source.labels, labels), orders, strict=True):
            arrays = pictures, known, np.stack(order).reshape(shape)
            parts.append(Part(*(torch.from_numpy(array).to(self.stack.where) for array in arrays)))
        return parts

    def _accuracy(self, index: int, domain: Domain) -> float:
        """On the domain's test pictures."""
        digits = self.both.source_test if domain == "source" else self.both.target_test
        logits, _ = predict(self._network(index), digits.images, domain)
        return float(np.mean(logits.argmax(1) == digits.labels))

    def _network(self, index: int) -> Adapted:
        network = self.stack.network(index)
        assert isinstance(network, Adapted)
        return network
