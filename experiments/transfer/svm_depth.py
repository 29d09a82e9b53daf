"""Linear SVMs on the features of each layer, as they are and scaled to unit length.

The practical's question 8, "impact of the extraction layer": LinearSVC with C = 1 on the training
features, accuracy on the test images. The best row that the metrics name is the one with the
highest test accuracy: it describes the results, no hyper-parameter is chosen by it.
"""

import numpy as np
from sklearn.metrics import confusion_matrix

from experiments.data.split_counts import SplitCounts
from experiments.statistics import Accuracy
from experiments.transfer.svm import SCALINGS, Fit, Scaling, fit, score
from experiments.transfer.svm import Settings as SvmSettings
from report import stage
from report.errors import ColophonError
from report.stage import quantity


class Settings(SvmSettings):
    """Those of the classifier."""


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


class Metrics(SplitCounts):
    c: float = quantity("the penalty C of the SVM")
    converged: bool = quantity("whether every solver converged")
    rows: list[Row] = quantity("one row a layer of a backbone, in the profile's order, by depth")
    best: Best = quantity("the highest test accuracy of all")
    best_convolutional: Best | None = quantity("the highest of the convolutional networks")
    best_transformer: Best | None = quantity("the highest of the transformers")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes predictions (rows, 2: raw and normalized, test), labels, duplicates, confusion*, correct-*."""
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
            train, test = (result.array(f"{part}-{layer['array']}") for part in ("train", "test"))
            predicted, converged = fit(settings, train, result.array("train-labels"), test, scaling)
            predictions[index, column] = predicted
            name = f"{index}-{scaling}"
            fits[scaling] = score(predicted, labels, duplicates, names, converged, outputs, name)
        about = {key: result.metrics[key] for key in ("backbone", "title", "family")}
        rows.append(Row(**about, layer=layer["label"], dimensions=layer["dimensions"], **fits))
    outputs.save("predictions", predictions)
    outputs.save("labels", labels)
    outputs.save("duplicates", duplicates)
    return Metrics.model_validate(
        {key: first.metrics[key] for key in SplitCounts.model_fields}
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
