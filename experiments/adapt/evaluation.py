"""What is measured of trained networks: digits and domain, on both domains, over the seeds."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from experiments.adapt.networks import Adapted, Domain
from experiments.adapt.stack import normalized
from experiments.adapt.sweep import Pool, Trained
from experiments.data.domains import Domains
from experiments.data.mnist import Digits
from experiments.nn import device
from experiments.nn.threads import in_threads
from experiments.statistics import Mean, mean
from report import stage
from report.stage import quantity

PASSED_AT_ONCE = 500  # pictures


class About(stage.Metrics):
    """What a stage was run on."""

    source_title: str = quantity("the source domain's name")
    target_title: str = quantity("the target domain's name")
    training_set: str = quantity("how many training pictures each domain has")


class Run(stage.Metrics):
    seed: int = quantity("of the initial weights and of the order of the pictures")
    source: float = quantity("accuracy on the source domain's test pictures", "fraction", 1)
    target: float = quantity("accuracy on the target domain's test pictures", "fraction", 1)
    unseen: float | None = quantity(
        "the same on test digits over photos that training never saw", "fraction", 1
    )
    domain_source: float | None = quantity(
        "share of the source's test pictures that the domain head takes for source", "fraction", 1
    )
    domain_target: float | None = quantity(
        "share of the target's test pictures that the domain head takes for target", "fraction", 1
    )
    loss: float | None = quantity("mean loss over the last epoch; none where it stopped", "nats", 3)
    stopped: int | None = quantity("iteration at which the loss was not finite; none for a whole training")
    failed: str | None = quantity("why the run counts as failed; none where it does not")


class Method(stage.Metrics):
    """The runs of one way to train."""

    title: str = quantity("the method's name in the document")
    parameters: int = quantity("trained parameters, a count")
    epochs: int = quantity("passes over the training pictures, a count")
    iterations: int = quantity("gradient steps, a count")
    batch_size: int = quantity("pictures an iteration, of both domains together, a count")
    shuffled: bool = quantity("whether each domain was shuffled in each epoch")
    source: Mean = quantity("accuracy on the source domain's test pictures, over the seeds")
    target: Mean = quantity("accuracy on the target domain's test pictures, over the seeds")
    unseen: Mean | None = quantity("the same over photos that training never saw, over the seeds")
    domain_source: Mean | None = quantity("share of source pictures taken for source, over the seeds")
    domain_target: Mean | None = quantity("share of target pictures taken for target, over the seeds")
    domain: Mean | None = quantity("mean of the two: the domain head's accuracy, over the seeds")
    failures: int = quantity("runs that failed, a count")
    diverged: int = quantity("runs among them whose loss ceased to be finite, a count")
    runs: list[Run] = quantity("one entry a seed")


class Baseline(stage.Metrics):
    """What a run is held against to say that it failed."""

    source: float = quantity(
        "mean accuracy on the source domain of networks trained on it alone", "fraction", 1
    )
    target: float = quantity("mean accuracy on the target domain of the same networks", "fraction", 1)
    margin: float = quantity("how much accuracy on the source domain a run may lose", "points", 0)

    def why_failed(self, source: float, target: float, stopped: int | None) -> str | None:
        """`loss`, `source` or `target`, or None for a run that did not fail.

        A run fails if its loss ceased to be finite, if it classifies the source domain worse by more
        than the margin than training on the source alone, or the target domain worse than that at all.
        """
        if stopped is not None:
            return "loss"
        if source < self.source - self.margin / 100:
            return "source"
        return "target" if target < self.target else None


def about(both: Domains) -> dict[str, Any]:
    """The fields of `About`."""
    return {
        "source_title": both.source_title,
        "target_title": both.target_title,
        "training_set": f"{min(len(both.source), len(both.target)):,} training digits",
    }


def pool(digits: Digits, labelled: bool = True) -> Pool:
    """Training pictures as a sweep takes them, with or without their labels."""
    return Pool(torch.from_numpy(digits.images), torch.from_numpy(digits.labels) if labelled else None)


@torch.inference_mode()
def predict(
    network: Adapted, images: np.ndarray, domain: Domain, half: bool = False
) -> tuple[np.ndarray, np.ndarray | None]:
    """Logits float32 (n, 10) of the digits, and whether the domain head takes each for source, (n,).

    Args:
        images: uint8 (n, 28, 28, channels), all of `domain`.
        half: whether to compute in bfloat16.
    """
    where = next(network.parameters()).device
    digits, domains = [], []
    for start in range(0, len(images), PASSED_AT_ONCE):
        levels = torch.from_numpy(images[start : start + PASSED_AT_ONCE]).to(where)
        with torch.autocast(where.type, torch.bfloat16, enabled=half):
            outputs = network(normalized(levels).expand(-1, -1, -1, 3).permute(0, 3, 1, 2), 0.0, (domain,))
        digits.append(outputs[0].float().cpu().numpy())
        domains += [output.float().cpu().numpy() > 0 for output in outputs[1:]]
    return np.concatenate(digits), np.concatenate(domains) if domains else None


def evaluate(trained: Sequence[Trained], domains: Domains, baseline: Baseline | None) -> list[Run]:
    """Measure each network; without a baseline only a loss that was not finite is a failure."""

    def measure(found: Trained) -> Run:
        network = found.network.to(device.choose())
        source, source_domain = predict(network, domains.source_test.images, "source")
        target, target_domain = predict(network, domains.target_test.images, "target")
        unseen = domains.target_unseen
        accuracies = _right(source, domains.source_test), _right(target, domains.target_test)
        if baseline:
            failed = baseline.why_failed(*accuracies, found.stopped)
        else:
            failed = None if found.stopped is None else "loss"
        return Run(
            seed=found.plan.seed,
            source=accuracies[0],
            target=accuracies[1],
            unseen=_right(predict(network, unseen.images, "target")[0], unseen) if unseen else None,
            domain_source=None if source_domain is None else float(source_domain.mean()),
            domain_target=None if target_domain is None else float(1 - target_domain.mean()),
            loss=found.loss,
            stopped=found.stopped,
            failed=failed,
        )

    return in_threads(measure, trained)


def _right(logits: np.ndarray, digits: Digits) -> float:
    return float(np.mean(logits.argmax(1) == digits.labels))


def over_seeds(values: Sequence[float]) -> Mean:
    """The mean of accuracies with its interval, as far as that lies between 0 and 1."""
    found = mean(values)
    return found.model_copy(update={"low": max(0.0, found.low), "high": min(1.0, found.high)})


def summarize(runs: list[Run], **about: Any) -> dict[str, Any]:
    """The fields of a `Method` for these runs; `about` are those that are not measured."""

    def over(*names: str) -> Mean | None:
        each = [[getattr(run, name) for name in names] for run in runs]
        if any(None in values for values in each):
            return None
        return over_seeds([float(np.mean(values)) for values in each])

    return {
        **about,
        "source": over("source"),
        "target": over("target"),
        "unseen": over("unseen"),
        "domain_source": over("domain_source"),
        "domain_target": over("domain_target"),
        "domain": over("domain_source", "domain_target"),
        "failures": sum(run.failed is not None for run in runs),
        "diverged": sum(run.stopped is not None for run in runs),
        "runs": runs,
    }
