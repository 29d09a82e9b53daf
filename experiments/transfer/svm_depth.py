"""Linear SVMs on the features of each layer, as they are and scaled to unit length.

The practical's question 8, "impact of the extraction layer": LinearSVC with C = 1 on the training
features, accuracy on the test images. The best row that the metrics name is the one with the
highest test accuracy: it describes the results, no hyper-parameter is chosen by it.

On raw features the solver stops at scikit-learn's tolerance well before the optimum: rounding in
the features, of float32 too, moves the accuracy of SqueezeNet's fire6 by 0.3 points. At a tolerance
of 1e-6 it moves by less than 0.1 (and is half a point lower).
"""

import warnings
from typing import Literal

import numpy as np
from pydantic import Field
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import confusion_matrix
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC

from experiments.statistics import Accuracy, ClassAccuracy, accuracy, class_accuracies
from report import stage
from report.errors import ColophonError
from report.stage import quantity

Scaling = Literal["raw", "normalized"]
SCALINGS: tuple[Scaling, ...] = ("raw", "normalized")


class Settings(stage.Settings):
    c: float = Field(default=1.0, gt=0, le=1e6, description="the practical's C")
    max_iterations: int = Field(
        default=100_000, ge=1, le=10**7, description="the default 1000 is too few for raw features"
    )
    tolerance: float = Field(
        default=1e-4, ge=1e-12, le=1, description="scikit-learn's default, which the practical used"
    )
    seed: int = Field(default=0, ge=0, lt=2**31, description="of the solver's order of the samples")


class Fit(stage.Metrics):
    accuracy: Accuracy = quantity("share of test images classified rightly")
    class_mean: float = quantity("mean over the classes of their accuracy", "fraction", 1)
    without_duplicates: Accuracy = quantity("accuracy without test images that are in train too")
    per_class: list[ClassAccuracy] = quantity("accuracy on the test images of each class")
    converged: bool = quantity("whether the solver converged")


class Row(stage.Metrics):
    backbone: str = quantity("the network's name in the profiles")
    title: str = quantity("the network's name in the document")
    family: str = quantity("convolutional or transformer")
    layer: str = quantity("the layer's name in the document")
    dimensions: int = quantity("features an image, a count")
    raw: Fit = quantity("on the features as they are")
    normalized: Fit = quantity("on the features scaled to Euclidean length 1")


class Best(stage.Metrics):
    row: int = quantity("index in rows, and in the first axis of predictions", ge=0)
    title: str = quantity("the network's name in the document")
    layer: str = quantity("the layer's name in the document")
    scaling: Scaling = quantity("raw or normalized features")
    accuracy: Accuracy = quantity("share of test images classified rightly")
    confusion: str = quantity("the array with its confusion matrix, true class by predicted class")


class Metrics(stage.Metrics):
    dataset_title: str = quantity("the data set's name in the document")
    class_names: list[str] = quantity("the classes in the order of their labels")
    classes: int = quantity("classes, a count")
    train: int = quantity("training images, a count")
    test: int = quantity("test images, a count")
    duplicate_groups: int = quantity("groups of byte-identical images in train and test, a count")
    test_duplicates: int = quantity("test images that are also training images, a count")
    conflicting_duplicates: int = quantity("of those, under a different label, a count")
    c: float = quantity("the penalty C of the SVM")
    converged: bool = quantity("whether every solver converged")
    rows: list[Row] = quantity("one row a layer of a backbone, in the profile's order, by depth")
    best: Best = quantity("the highest test accuracy of all")
    best_convolutional: Best | None = quantity("the highest of the convolutional networks")
    best_transformer: Best | None = quantity("the highest of the transformers")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes predictions (rows, 2: raw and normalized, test), labels, duplicates, confusion*."""
    results = inputs.all("transfer/features")
    first = _common(results)
    labels = np.array(first.array("test-labels"))
    duplicates = np.array(first.array("test-duplicates"))
    names = first.metrics["class_names"]
    layers = [(result, layer) for result in results for layer in result.metrics["layers"]]
    predictions = np.empty((len(layers), len(SCALINGS), len(labels)), dtype=np.int64)
    rows = []
    for index, (result, layer) in enumerate(outputs.progress(layers, len(layers), "layer")):
        fits = {}
        for column, scaling in enumerate(SCALINGS):
            predicted, converged = _fit(settings, result, layer["array"], scaling)
            predictions[index, column] = predicted
            fits[scaling] = _score(predicted, labels, duplicates, names, converged)
        about = {key: result.metrics[key] for key in ("backbone", "title", "family")}
        rows.append(Row(**about, layer=layer["label"], dimensions=layer["dimensions"], **fits))
    outputs.save("predictions", predictions)
    outputs.save("labels", labels)
    outputs.save("duplicates", duplicates)
    shared = (
        "dataset_title class_names classes train test duplicate_groups test_duplicates "
        "conflicting_duplicates"
    )
    return Metrics.model_validate(
        {key: first.metrics[key] for key in shared.split()}
        | {
            "c": settings.c,
            "converged": all(fit.converged for row in rows for fit in (row.raw, row.normalized)),
            "rows": rows,
            "best": _best(rows, "", predictions, labels, outputs),
            "best_convolutional": _best(rows, "convolutional", predictions, labels, outputs),
            "best_transformer": _best(rows, "transformer", predictions, labels, outputs),
        }
    )


def _common(results: list[stage.Result]) -> stage.Result:
    """The first result; raises ColophonError where there is none or they are of several splits."""
    if not results:
        raise ColophonError(
            "transfer/svm_depth has no features", "Name at least one of the profile's backbones."
        )
    labels = results[0].array("test-labels")
    for result in results[1:]:
        if not np.array_equal(result.array("test-labels"), labels):
            raise ColophonError(
                f"{result.each} and {results[0].each} are features of different test images",
                "Give every transfer/features the same dataset, train_per_class and seed.",
            )
    return results[0]


def _fit(
    settings: Settings, result: stage.Result, array: str, scaling: Scaling
) -> tuple[np.ndarray, bool]:
    """The predicted labels of the test images, and whether the solver converged."""
    train, test = (np.asarray(result.array(f"{part}-{array}"), float) for part in ("train", "test"))
    if scaling == "normalized":
        train, test = normalize(train), normalize(test)
    machine = LinearSVC(
        C=settings.c,
        tol=settings.tolerance,
        max_iter=settings.max_iterations,
        random_state=settings.seed,
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        machine.fit(train, result.array("train-labels"))
    converged = not any(issubclass(w.category, ConvergenceWarning) for w in caught)
    return np.asarray(machine.predict(test)), converged


def _score(
    predicted: np.ndarray,
    labels: np.ndarray,
    duplicates: np.ndarray,
    names: list[str],
    converged: bool,
) -> Fit:
    per_class = class_accuracies(predicted, labels, names)
    return Fit(
        accuracy=accuracy(predicted, labels),
        class_mean=float(np.mean([entry.value for entry in per_class])),
        without_duplicates=accuracy(predicted[~duplicates], labels[~duplicates]),
        per_class=per_class,
        converged=converged,
    )


def _best(
    rows: list[Row],
    family: str,
    predictions: np.ndarray,
    labels: np.ndarray,
    outputs: stage.Outputs,
) -> Best | None:
    """The highest accuracy of a family (or of all), the first of equals; writes its confusion."""
    candidates = [
        (index, column)
        for index, row in enumerate(rows)
        if family in ("", row.family)
        for column in range(len(SCALINGS))
    ]
    if not candidates:
        return None
    index, column = max(candidates, key=lambda c: np.sum(predictions[c] == labels))
    row, scaling = rows[index], SCALINGS[column]
    name = f"confusion-{family}" if family else "confusion"
    outputs.save(name, confusion_matrix(labels, predictions[index, column]))
    return Best(
        row=index,
        title=row.title,
        layer=row.layer,
        scaling=scaling,
        accuracy=getattr(row, scaling).accuracy,
        confusion=name,
    )
