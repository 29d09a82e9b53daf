"""C of the linear SVM, chosen by cross-validation on the training set, for each layer.

The practical's question 11 and the published Tables 1.2 and 1.5. The larger C is, the weaker is the
regularisation. The test accuracy at every C is measured for the figure; nothing is chosen by it.
"""

from typing import Annotated

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from experiments.data.split_counts import SplitCounts
from experiments.statistics import Accuracy, accuracy
from experiments.transfer import cross_validation
from experiments.transfer.cross_validation import CrossValidation, choose, split_folds, summarize
from experiments.transfer.layers import CommonSplit, Layer, LayerRow, common, find_layers
from experiments.transfer.svm import Fit, Scaling, fit_scaled
from report import stage
from report.stage import quantity


def _rising(values: tuple[float, ...]) -> tuple[float, ...]:
    if any(value <= 0 for value in values) or list(values) != sorted(set(values)):
        raise ValueError("must be positive, each larger than the one before")
    return values


Grid = Annotated[tuple[float, ...], AfterValidator(_rising)]


class Settings(cross_validation.Settings):
    c: float = Field(default=1.0, gt=0, le=1e6, description="the practical's C, to compare with")
    c_values: Grid = Field(
        default=(1e-5, 1e-4, 1e-3, 0.01, 0.03, 0.1, 0.3, 1, 3, 5, 10, 30, 100),
        min_length=1,
        description="from where C is too small to where all images are separated, with the published bests",
    )
    raw_c_values: Grid = Field(
        default=(1e-5, 1e-4, 1e-3, 0.01, 0.1, 1),
        description="for raw features; with more they are separated: slow, and the accuracy stays",
    )
    max_iterations: int = Field(
        default=20_000, ge=1, le=10**7, description="of each fit; the metrics tell which were cut short"
    )

    @model_validator(mode="after")
    def _holds_the_default(self) -> "Settings":
        for name in ("c_values", "raw_c_values"):
            values = getattr(self, name)
            if values and self.c not in values:
                raise ValueError(f"{name} must hold c = {self.c:g}, to compare with")
        return self


class Point(stage.Metrics):
    c: float = quantity("the penalty C")
    cross_validation: CrossValidation = quantity("accuracy on the folds of the training set")
    test: Accuracy = quantity("share of test images classified rightly, by the SVM of all training images")
    converged: bool = quantity("whether the solver converged, on each fold and on all training images")


class Tuned(stage.Metrics):
    c: float = quantity("the C with the highest mean over the folds, of equals the smallest")
    cross_validation: CrossValidation = quantity("accuracy on the folds with that C")
    plateau: int = quantity("values of C within one standard error of the best, it included, a count")
    plateau_low: float = quantity("the smallest of them")
    plateau_high: float = quantity("the largest of them")
    tuned: Fit = quantity("on the test images, with the chosen C")
    default: Fit = quantity("on the test images, with the C that was not tuned")
    gain: float = quantity("accuracy with the chosen C less that without tuning", "points", 1)
    converged: bool = quantity("whether every solver converged")
    points: list[Point] = quantity("one entry a value of C, rising")


class Row(LayerRow):
    raw: Tuned | None = quantity("on the features as they are; none where they were left out")
    normalized: Tuned = quantity("on the features scaled to Euclidean length 1")


class Best(LayerRow):
    row: int = quantity("index in rows, and in the first axis of predictions", ge=0)
    c: float = quantity("the chosen C")
    cross_validation: CrossValidation = quantity("accuracy on the folds")
    test: Fit = quantity("on the test images")


class Metrics(SplitCounts):
    folds: int = quantity("folds of the cross-validation, a count")
    default_c: float = quantity("the C that was not tuned")
    c_values: list[float] = quantity("the values of C tried on normalized features")
    raw_c_values: list[float] = quantity("the values of C tried on raw features")
    max_iterations: int = quantity("the solver's iterations at most, a count")
    converged: bool = quantity("whether every solver converged")
    rows: list[Row] = quantity("one row a layer of a backbone, in the profile's order, by depth")
    networks: list[Best] = quantity("each backbone's layer with the highest cross-validation, normalized")
    best: Best = quantity("the highest cross-validation of all, on normalized features")
    best_convolutional: Best | None = quantity("the highest of the convolutional networks")
    best_transformer: Best | None = quantity("the highest of the transformers")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes predictions (rows, test) with the chosen C on normalized features, correct-*, labels."""
    results = inputs.all("transfer/features")
    split = common(results, "transfer/svm_tuning")
    layers = find_layers(results)
    predictions, rows = [], []
    for index, layer in enumerate(outputs.progress(layers, len(layers), "layer")):
        normalized, predicted = tune(settings, split, layer, "normalized", outputs, index)
        raw = tune(settings, split, layer, "raw", outputs, index)[0] if settings.raw_c_values else None
        predictions.append(predicted)
        rows.append(Row(**layer.about(), raw=raw, normalized=normalized))
    outputs.save("predictions", np.stack(predictions))
    split.save(outputs)
    bests = [_best(index, row) for index, row in enumerate(rows)]
    names = dict.fromkeys(row.backbone for row in rows)
    tunings = [tuned for row in rows for tuned in (row.raw, row.normalized) if tuned]
    return Metrics.model_validate(
        split.counts
        | {
            "folds": settings.folds,
            "default_c": settings.c,
            "c_values": settings.c_values,
            "raw_c_values": settings.raw_c_values,
            "max_iterations": settings.max_iterations,
            "converged": all(tuned.converged for tuned in tunings),
            "rows": rows,
            "networks": [_highest(bests, "backbone", name) for name in names],
            "best": _highest(bests),
            "best_convolutional": _highest(bests, "family", "convolutional"),
            "best_transformer": _highest(bests, "family", "transformer"),
        }
    )


def tune(
    settings: Settings,
    split: CommonSplit,
    layer: Layer,
    scaling: Scaling,
    outputs: stage.Outputs,
    index: int,
) -> tuple[Tuned, np.ndarray]:
    """Choose C on the training features of a layer; also the labels then predicted for the test images."""
    values = settings.raw_c_values if scaling == "raw" else settings.c_values
    train, test = layer.features("train", scaling), layer.features("test", scaling)
    folds = split_folds(split.train_labels, settings)
    points, predictions = [], []
    for c in values:
        predicted, converged = fit_scaled(settings, train, split.train_labels, test, c)
        accuracies = []
        for kept, held_out in folds:
            labels = split.train_labels[held_out]
            guessed, done = fit_scaled(settings, train[kept], split.train_labels[kept], train[held_out], c)
            accuracies.append(float(np.mean(guessed == labels)))
            converged &= done
        predictions.append(predicted)
        points.append(
            Point(
                c=c,
                cross_validation=summarize(accuracies),
                test=accuracy(predicted, split.labels),
                converged=converged,
            )
        )
    best, plateau = choose([point.cross_validation for point in points])
    default = values.index(settings.c)
    fits = {
        name: split.score(predictions[place], points[place].converged, outputs, f"{index}-{scaling}-{name}")
        for name, place in (("tuned", best), ("default", default))
    }
    tuned = Tuned(
        c=values[best],
        cross_validation=points[best].cross_validation,
        plateau=len(plateau),
        plateau_low=values[plateau[0]],
        plateau_high=values[plateau[-1]],
        **fits,
        gain=100 * (fits["tuned"].accuracy.value - fits["default"].accuracy.value),
        converged=all(point.converged for point in points),
        points=points,
    )
    return tuned, predictions[best]


def _best(index: int, row: Row) -> Best:
    tuned = row.normalized
    about = {key: getattr(row, key) for key in LayerRow.model_fields}
    return Best(row=index, c=tuned.c, cross_validation=tuned.cross_validation, test=tuned.tuned, **about)


def _highest(bests: list[Best], key: str = "", value: str = "") -> Best | None:
    """The highest cross-validation of those with `key` equal to `value`, the first of equals."""
    candidates = [best for best in bests if not key or getattr(best, key) == value]
    return max(candidates, key=lambda best: round(best.cross_validation.value, 12), default=None)
