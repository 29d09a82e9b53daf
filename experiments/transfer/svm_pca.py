"""Principal components before the linear SVM, their number chosen by cross-validation.

The practical's suggestion of dimensionality reduction. For each backbone, on its layer with the
highest cross-validation: features at unit length, centred and projected on the first principal
components of the images that are trained on (of each fold, its own), then the SVM with the C of
transfer/svm_tuning.
"""

import numpy as np
from pydantic import Field
from sklearn.decomposition import PCA

from experiments.data.split_counts import SplitCounts
from experiments.statistics import Accuracy, accuracy
from experiments.transfer import cross_validation
from experiments.transfer.cross_validation import CrossValidation, choose, split_folds, summarize
from experiments.transfer.layers import CommonSplit, Layer, LayerRow, common, find_layers
from experiments.transfer.svm import Fit, fit_scaled
from report import stage
from report.stage import quantity


class Settings(cross_validation.Settings):
    components: tuple[int, ...] = Field(
        default=(4, 8, 16, 32, 64, 128, 256, 512),
        min_length=1,
        description="more than the features or a fold's images allow are left out",
    )


class Point(stage.Metrics):
    components: int = quantity("principal components kept, a count")
    cross_validation: CrossValidation = quantity("accuracy on the folds of the training set")
    explained: float = quantity("share of the training features' variance in them", "fraction", 1)
    test: Accuracy = quantity("share of test images classified rightly")
    converged: bool = quantity("whether the solver converged, on each fold and on all training images")


class Row(LayerRow):
    c: float = quantity("the C that cross-validation chose without components")
    components: int = quantity("the number with the highest mean over the folds, of equals the smallest")
    cross_validation: CrossValidation = quantity("accuracy on the folds with that number")
    explained: float = quantity("share of the training features' variance in them", "fraction", 1)
    plateau_low: int = quantity("the smallest number within one standard error of the best, a count")
    reduced: Fit = quantity("on the test images, with the chosen number of components")
    whole: Fit = quantity("on the test images, on all features")
    whole_cross_validation: CrossValidation = quantity("accuracy on the folds, on all features")
    gain: float = quantity("accuracy with the components less that without", "points", 1)
    points: list[Point] = quantity("one entry a number of components, rising")


class Metrics(SplitCounts):
    folds: int = quantity("folds of the cross-validation, a count")
    rows: list[Row] = quantity("one row a backbone, its layer with the highest cross-validation")
    best: Row = quantity("the row whose cross-validation without components is the highest")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes correct-<row>-reduced and correct-<row>-whole, both (test,), and labels."""
    results = inputs.all("transfer/features")
    split = common(results, "transfer/svm_pca")
    tuning = inputs["transfer/svm_tuning"]
    layers, networks = find_layers(results), tuning.metrics["networks"]
    rows = []
    for index, best in enumerate(outputs.progress(networks, unit="networks")):
        points, reduced = reduce(settings, split, layers[best["row"]], best["c"])
        place, plateau = choose([point.cross_validation for point in points])
        converged = points[place].converged
        fewer = split.score(reduced[place], converged, outputs, f"{index}-reduced")
        predicted, converged = tuning.array("predictions")[best["row"]], best["test"]["converged"]
        whole = split.score(predicted, converged, outputs, f"{index}-whole")
        rows.append(
            Row(
                **layers[best["row"]].about(),
                c=best["c"],
                components=points[place].components,
                cross_validation=points[place].cross_validation,
                explained=points[place].explained,
                plateau_low=points[plateau[0]].components,
                reduced=fewer,
                whole=whole,
                whole_cross_validation=best["cross_validation"],
                gain=100 * (fewer.accuracy.value - whole.accuracy.value),
                points=points,
            )
        )
    split.save(outputs)
    chosen = [best["row"] for best in networks].index(tuning.metrics["best"]["row"])
    return Metrics(**split.counts, folds=settings.folds, rows=rows, best=rows[chosen])


def reduce(
    settings: Settings, split: CommonSplit, layer: Layer, c: float
) -> tuple[list[Point], list[np.ndarray]]:
    """Each number of components: its accuracies, and the labels predicted for the test images.

    The components are found once a fold: the first of many are the same as when fewer are asked for.
    """
    train, test = layer.features("train", "normalized"), layer.features("test", "normalized")
    labels = split.train_labels
    folds = [
        (*project(train[kept], train[held_out])[:2], labels[kept], labels[held_out])
        for kept, held_out in split_folds(labels, settings)
    ]
    most = min(part[0].shape[1] for part in folds)
    projected, projected_test, shares = project(train, test)
    points, predictions = [], []
    for count in [count for count in settings.components if count < most] + [most]:
        predicted, converged = fit_scaled(
            settings, projected[:, :count], labels, projected_test[:, :count], c
        )
        accuracies = []
        for kept, held_out, kept_labels, held_out_labels in folds:
            guessed, done = fit_scaled(settings, kept[:, :count], kept_labels, held_out[:, :count], c)
            accuracies.append(float(np.mean(guessed == held_out_labels)))
            converged &= done
        predictions.append(predicted)
        points.append(
            Point(
                components=count,
                cross_validation=summarize(accuracies),
                explained=min(1.0, float(shares[:count].sum())),
                test=accuracy(predicted, split.labels),
                converged=converged,
            )
        )
    return points, predictions


def project(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Both on the principal components of `train` (n, d), all min(n - 1, d) of them, and their shares.

    The components are ordered by the share of the variance that lies in them.
    """
    pca = PCA(min(len(train) - 1, train.shape[1]), svd_solver="full")
    return pca.fit_transform(train), pca.transform(test), pca.explained_variance_ratio_
