"""Linear SVMs on the features of each layer, as they are and scaled to unit length.

The practical's question 8, "impact of the extraction layer": LinearSVC with C = 1 on the training
features, accuracy on the test images. The best row that the metrics name is the one with the
highest test accuracy: it describes the results, no hyper-parameter is chosen by it.
"""

import time

import numpy as np
from sklearn.metrics import confusion_matrix

from experiments.data.split_counts import SplitCounts
from experiments.statistics import Accuracy
from experiments.transfer.layers import LayerRow, common, find_layers
from experiments.transfer.svm import SCALINGS, Fit, Scaling, fit
from experiments.transfer.svm import Settings as SvmSettings
from report import stage
from report.stage import quantity


class Settings(SvmSettings):
    """Those of the classifier."""


class Row(LayerRow):
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
    split = common(results, "transfer/svm_depth")
    layers = find_layers(results)
    predictions = np.empty((len(layers), len(SCALINGS), len(split.labels)), dtype=np.int64)
    rows = []
    for index, layer in enumerate(outputs.progress(layers, len(layers), "layer")):
        fits = {}
        for column, scaling in enumerate(SCALINGS):
            began = time.process_time()
            predicted, converged = fit(
                settings, layer.features("train"), split.train_labels, layer.features("test"), scaling
            )
            seconds = round(time.process_time() - began, 3)
            outputs.record(f"SVM seconds, {layer.title}, {layer.label}, {scaling}", seconds)
            predictions[index, column] = predicted
            fits[scaling] = split.score(predicted, converged, outputs, f"{index}-{scaling}")
        rows.append(Row(**layer.about(), **fits))
    outputs.save("predictions", predictions)
    split.save(outputs)
    return Metrics.model_validate(
        split.counts
        | {
            "c": settings.c,
            "converged": all(fit.converged for row in rows for fit in (row.raw, row.normalized)),
            "rows": rows,
            "best": _best(rows, "", predictions, split.labels, outputs),
            "best_convolutional": _best(rows, "convolutional", predictions, split.labels, outputs),
            "best_transformer": _best(rows, "transformer", predictions, split.labels, outputs),
        }
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
