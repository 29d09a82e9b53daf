"""The literature's protocol for the tuned linear SVM: ten random splits, mean accuracy of the classes.

Training and test images are pooled, and of byte-identical ones only the first is kept, so that none
lies on both sides. Layer and C of each backbone come from cross-validation on the standard training
set (transfer/svm_tuning); some of those images are test images here, so C has seen a part of them.
"""

import numpy as np
from pydantic import Field

from experiments.data.datasets import stratified_choice
from experiments.statistics import Accuracy, Mean, accuracy, class_accuracies, mean
from experiments.transfer.layers import Layer, LayerRow, common, find_layers
from experiments.transfer.svm import SolverSettings, fit_scaled
from report import stage
from report.stage import quantity


class Settings(SolverSettings):
    train_per_class: int = Field(default=100, ge=1, description="the literature's number on 15-Scene")
    split_seeds: tuple[int, ...] = Field(
        default=tuple(range(10)), min_length=2, description="the literature's ten splits"
    )


class SplitResult(stage.Metrics):
    seed: int = quantity("of the choice of the training images")
    class_mean: float = quantity("mean over the classes of their accuracy", "fraction", 1)
    accuracy: Accuracy = quantity("share of test images classified rightly")
    converged: bool = quantity("whether the solver converged")


class Row(LayerRow):
    c: float = quantity("the C that cross-validation on the standard training set chose")
    class_mean: Mean = quantity(
        "mean accuracy of the classes over the splits; they overlap, which makes the interval too narrow"
    )
    corrected: Mean = quantity("the same with the interval corrected for the overlap")
    accuracy: Mean = quantity("share of test images classified rightly, over the splits")
    lowest: float = quantity("the lowest mean accuracy of the classes", "fraction", 1)
    highest: float = quantity("the highest mean accuracy of the classes", "fraction", 1)
    splits: list[SplitResult] = quantity("one entry a split")
    converged: bool = quantity("whether every solver converged")


class Metrics(stage.Metrics):
    dataset_title: str = quantity("the data set's name in the document")
    splits: int = quantity("random splits, a count")
    train_per_class: int = quantity("training images a class, a count")
    train: int = quantity("training images of a split, a count")
    test: int = quantity("test images of a split, a count")
    images: int = quantity("images before any was removed, a count")
    removed: int = quantity("images removed since the same bytes occur before, a count")
    rows: list[Row] = quantity("one row a backbone, its layer with the highest cross-validation")
    best: Row = quantity("the row whose cross-validation is the highest")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes class-means (rows, splits) float64."""
    results = inputs.all("transfer/features")
    split = common(results, "transfer/svm_protocol")
    tuning = inputs["transfer/svm_tuning"].metrics
    layers = find_layers(results)
    contents = np.array(results[0].array("contents"))
    kept = np.flatnonzero(contents == np.arange(len(contents)))
    labels = np.concatenate([split.train_labels, split.labels])[kept]
    names = split.counts["class_names"]
    rows = []
    for best in outputs.progress(tuning["networks"], unit="networks"):
        rows.append(measure(settings, layers[best["row"]], best["c"], kept, labels, names))
    outputs.save("class-means", np.array([[s.class_mean for s in row.splits] for row in rows]))
    train = settings.train_per_class * len(np.unique(labels))
    chosen = [best["row"] for best in tuning["networks"]].index(tuning["best"]["row"])
    return Metrics(
        dataset_title=split.counts["dataset_title"],
        splits=len(settings.split_seeds),
        train_per_class=settings.train_per_class,
        train=train,
        test=len(kept) - train,
        images=len(contents),
        removed=len(contents) - len(kept),
        rows=rows,
        best=rows[chosen],
    )


def measure(
    settings: Settings, layer: Layer, c: float, kept: np.ndarray, labels: np.ndarray, names: list[str]
) -> Row:
    """The SVM on each random split of the images `kept` (n,) with `labels` (n,)."""
    pooled = np.concatenate([layer.features(part, "normalized") for part in ("train", "test")])[kept]
    splits = []
    for seed in settings.split_seeds:
        train, test = stratified_choice(labels, settings.train_per_class, seed)
        predicted, converged = fit_scaled(settings, pooled[train], labels[train], pooled[test], c)
        per_class = class_accuracies(predicted, labels[test], names)
        splits.append(
            SplitResult(
                seed=seed,
                class_mean=float(np.mean([entry.value for entry in per_class])),
                accuracy=accuracy(predicted, labels[test]),
                converged=converged,
            )
        )
    means = [split.class_mean for split in splits]
    return Row(
        **layer.about(),
        c=c,
        class_mean=mean(means),
        corrected=mean(means, overlap=len(test) / len(train)),
        accuracy=mean([split.accuracy.value for split in splits]),
        lowest=min(means),
        highest=max(means),
        splits=splits,
        converged=all(split.converged for split in splits),
    )
