"""The features of both domains without and with adaptation: seen through t-SNE, and measured.

A picture of 2352 dimensions on a plane proves nothing by itself; the numbers beside it are those of a
fresh classifier of the domain, which owes nothing to the one that was trained against, and of MMD.
"""

from typing import Literal

import numpy as np
import torch
from pydantic import Field
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from experiments.adapt import evaluation, methods
from experiments.adapt.evaluation import over_seeds
from experiments.adapt.gap import a_distance, mmd, probe_error
from experiments.adapt.methods import VariantName, load
from experiments.adapt.networks import DOMAINS, Adapted
from experiments.adapt.stack import normalized
from experiments.data import domains
from experiments.data.domains import Domains
from experiments.nn.threads import in_threads
from experiments.statistics import Mean
from report import stage
from report.stage import quantity

Which = Literal["without", "with"]
STAGES: dict[Which, str] = {"without": "adapt/source_only", "with": "adapt/dann"}


class Settings(methods.Settings):
    variant: VariantName = Field(default="practical", description="of adapt/source_only and adapt/dann")
    pictures: int = Field(
        default=1000, ge=20, le=5000, description="test pictures of each domain; the practical's number"
    )
    perplexity: float = Field(default=30, ge=2, le=200, description="of t-SNE; scikit-learn's default")
    tsne_seeds: tuple[int, ...] = Field(
        default=(1, 2), min_length=1, description="of t-SNE, for a map of each of the first networks"
    )


class Run(stage.Metrics):
    seed: int = quantity("of the network")
    probe: float = quantity("accuracy of a fresh linear probe for the domain", "fraction", 1)
    a_distance: float = quantity("proxy A-distance, 0 where the probe can't tell the domains apart", "", 2)
    mmd: float = quantity("squared maximum mean discrepancy of the two domains' features", "", 3)


class Features(stage.Metrics):
    title: str = quantity("without or with adaptation, in the document's words")
    probe: Mean = quantity("accuracy of a fresh linear probe for the domain, over the seeds")
    a_distance: float = quantity("proxy A-distance, mean over the seeds", "", 2)
    mmd: float = quantity("squared MMD, mean over the seeds", "", 3)
    runs: list[Run] = quantity("one entry a seed")


class Metrics(evaluation.About):
    pictures: int = quantity("test pictures of each domain, a count")
    dimensions: int = quantity("features a picture, a count")
    perplexity: float = quantity("of t-SNE", "", 0)
    maps: int = quantity("maps drawn of each, a count")
    more: list[str] = quantity("the names of the maps after the first")
    without: Features = quantity("trained on the source domain alone")
    with_: Features = quantity("trained with adaptation")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes map-<without|with>-<index> float32 (2 pictures, 2), source first, and labels int64 (…,)."""
    both = domains.load(settings, inputs.data)
    count = min(settings.pictures, len(both.source_test), len(both.target_test))

    def features(pair: tuple[Which, int]) -> np.ndarray:
        which, seed = pair
        network = load(inputs[STAGES[which]], settings.variant, seed, settings.channels)
        return _features(network, both, count)

    def embed(pair: tuple[Which, int]) -> np.ndarray:
        tsne = TSNE(
            perplexity=settings.perplexity,
            init="pca",
            random_state=settings.tsne_seeds[drawn.index(pair[1])],
        )
        with threadpool_limits(1):  # more threads would sum in an order of their own
            return tsne.fit_transform(found[pair])

    pairs: list[tuple[Which, int]] = [(which, seed) for which in STAGES for seed in settings.seeds]
    found = dict(zip(pairs, in_threads(features, pairs), strict=True))
    drawn = settings.seeds[: len(settings.tsne_seeds)]
    maps: list[tuple[Which, int]] = [(which, seed) for which in STAGES for seed in drawn]
    for (which, seed), plane in zip(maps, in_threads(embed, maps), strict=True):
        outputs.save(f"map-{which}-{drawn.index(seed)}", plane.astype(np.float32))
    labels = [both.source_test.labels[:count], both.target_test.labels[:count]]
    outputs.save("labels", np.concatenate(labels))
    return Metrics(
        **evaluation.about(both),
        pictures=count,
        dimensions=found[pairs[0]].shape[1],
        perplexity=settings.perplexity,
        maps=len(drawn),
        more=[str(index) for index in range(1, len(drawn))],
        without=_measured("without adaptation", "without", settings, found),
        with_=_measured("with adaptation", "with", settings, found),
    )


@torch.inference_mode()
def _features(network: Adapted, both: Domains, count: int) -> np.ndarray:
    """Features float32 (2 count, d) of test pictures of the source, then of the target domain."""
    parts = []
    for domain, digits in zip(DOMAINS, (both.source_test, both.target_test), strict=True):
        images = normalized(torch.from_numpy(digits.images[:count])).expand(-1, -1, -1, 3)
        parts.append(network.features(images.permute(0, 3, 1, 2), (domain,)).numpy())
    return np.concatenate(parts)


def _measured(
    title: str, which: Which, settings: Settings, found: dict[tuple[Which, int], np.ndarray]
) -> Features:
    def measure(seed: int) -> Run:
        source, target = np.split(found[which, seed], 2)
        with threadpool_limits(1):
            error = probe_error(source, target, seed)
        return Run(seed=seed, probe=1 - error, a_distance=a_distance(error), mmd=mmd(source, target))

    runs = in_threads(measure, settings.seeds)
    return Features(
        title=title,
        probe=over_seeds([run.probe for run in runs]),
        a_distance=float(np.mean([run.a_distance for run in runs])),
        mmd=float(np.mean([run.mmd for run in runs])),
        runs=runs,
    )
