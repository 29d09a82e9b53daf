"""Train on with the network's own predictions on the target domain as labels (Lee 2013), in rounds.

A round labels the target's training pictures with the network as it is, keeps some of these labels, and
trains for some iterations on source pictures with their labels and target pictures with the kept ones,
equally many of each. The domain head is left out. The rule that keeps no label is the control: what it
loses or gains comes from training on, not from labels. The last round's network is measured: target labels
choose nothing here, they only tell how good the kept labels were.
"""

from collections.abc import Sequence

import numpy as np

from experiments.adapt import evaluation, self_training
from experiments.adapt.evaluation import over_seeds
from experiments.adapt.methods import VARIANTS, VariantName
from experiments.adapt.selection import Selection
from experiments.adapt.self_training import Run, SelfTraining, iterations_of
from experiments.adapt.sweep import STACKED_ON_GPU
from experiments.data import domains
from experiments.nn import device
from experiments.nn.threads import in_threads
from experiments.statistics import Mean
from report import stage
from report.stage import quantity

TITLES: dict[Selection, str] = {
    "none": "no labels",
    "all": "all labels",
    "confident": "confident labels",
    "balanced": "balanced labels",
}


class Settings(self_training.Settings):
    pass


class Curve(stage.Metrics):
    title: str = quantity("which labels are kept, in the document's words")
    start: VariantName = quantity("the variant of adapt/dann that was gone on from")
    start_title: str = quantity("its name in the document")
    selection: Selection = quantity("which labels are kept")
    slug: str = quantity("of its arrays")
    first: Mean = quantity("accuracy on the target domain before the first round, over the seeds")
    last: Mean = quantity("the same after the last round")
    source: Mean = quantity("accuracy on the source domain after the last round")
    precision_first: Mean = quantity("share of the kept labels that are right, first round")
    precision_last: Mean = quantity("the same in the last round")
    kept_last: float = quantity("share of the target's pictures with a label, last round", "fraction", 0)
    runs: list[Run] = quantity("one entry a seed")


class Metrics(evaluation.About):
    rounds: int = quantity("rounds, a count")
    iterations: int = quantity("gradient steps a round, a count")
    threshold: float = quantity("probability that a confident label has at least", "", 2)
    share_first: float = quantity("share that balanced labels may cover, first round", "fraction", 0)
    share_last: float = quantity("share that balanced labels may cover, last round", "fraction", 0)
    curves: list[Curve] = quantity("one entry a start and a selection")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes <start>-<selection>-target (seeds, rounds + 1), -precision and -kept (seeds, rounds)."""
    both = domains.load(settings, inputs.data)
    curves = []
    for start in settings.starts:
        members: list[tuple[Selection, int]] = [
            (how, seed) for how in settings.selections for seed in settings.seeds
        ]
        at_once = STACKED_ON_GPU if device.choose().type == "cuda" else 1
        groups = [
            SelfTraining(members[place : place + at_once], start, settings, inputs["adapt/dann"], both)
            for place in range(0, len(members), at_once)
        ]
        self_training.train(groups, settings, outputs, start)
        ends = [end for group in in_threads(SelfTraining.ends, groups) for end in group]
        for place, how in enumerate(settings.selections):
            own = slice(place * len(settings.seeds), (place + 1) * len(settings.seeds))
            curves.append(_curve(start, how, settings, ends[own], outputs))
    return Metrics(
        **evaluation.about(both),
        rounds=settings.rounds,
        iterations=iterations_of(settings, both),
        threshold=settings.threshold,
        share_first=settings.shares[0],
        share_last=settings.shares[1],
        curves=curves,
    )


def _curve(
    start: VariantName,
    how: Selection,
    settings: Settings,
    ends: Sequence[tuple[Run, np.ndarray]],
    outputs: stage.Outputs,
) -> Curve:
    slug = f"{start}-{how}"
    history = np.stack([own for _, own in ends])
    outputs.save(f"{slug}-target", history[:, :, 0])
    outputs.save(f"{slug}-precision", history[:, :-1, 1])
    outputs.save(f"{slug}-kept", history[:, :-1, 2])
    runs = [run for run, _ in ends]

    def over(name: str) -> Mean:
        return over_seeds([getattr(run, name) for run in runs])

    return Curve(
        title=TITLES[how],
        start=start,
        start_title=VARIANTS[start].title,
        selection=how,
        slug=slug,
        first=over("first"),
        last=over("last"),
        source=over("source"),
        precision_first=over("precision_first"),
        precision_last=over("precision_last"),
        kept_last=float(history[:, -2, 2].mean()),
        runs=runs,
    )
