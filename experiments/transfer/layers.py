"""The features that a profile's networks gave, layer by layer, and the one split they are all of."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from experiments.data.split_counts import SplitCounts
from experiments.transfer.svm import Fit, Scaling, scale, score
from report import stage
from report.errors import ColophonError
from report.stage import quantity


@dataclass(frozen=True)
class Layer:
    """A layer of a backbone, with its features.

    Attributes:
        result: of transfer/features, for the backbone.
        label: the layer's name in the document.
        array: what its arrays are called.
        dimensions: features an image.
    """

    result: stage.Result
    backbone: str
    title: str
    family: str
    label: str
    array: str
    dimensions: int

    def features(self, part: Literal["train", "test"], scaling: Scaling | None = None) -> np.ndarray:
        """Features (n, dimensions): as saved, in float32, or scaled, in float64."""
        found = self.result.array(f"{part}-{self.array}")
        return found if scaling is None else scale(found, scaling)

    def about(self) -> dict[str, Any]:
        """What a row of a table tells of the layer."""
        return {
            "backbone": self.backbone,
            "title": self.title,
            "family": self.family,
            "layer": self.label,
            "dimensions": self.dimensions,
        }


class LayerRow(stage.Metrics):
    """What a row tells of the layer whose features were classified."""

    backbone: str = quantity("the network's name in the profiles")
    title: str = quantity("the network's name in the document")
    family: str = quantity("convolutional or transformer")
    layer: str = quantity("the layer's name in the document")
    dimensions: int = quantity("features an image, a count")


@dataclass(frozen=True)
class CommonSplit:
    """The split that all features are of, and what the metrics tell of it.

    Attributes:
        train_labels, labels: of the training and of the test images.
        duplicates: bool, whether the test image is a training image too.
        counts: the fields of SplitCounts.
    """

    train_labels: np.ndarray
    labels: np.ndarray
    duplicates: np.ndarray
    counts: dict[str, Any]

    def score(
        self, predicted: np.ndarray, converged: bool | None, outputs: stage.Outputs, name: str
    ) -> Fit:
        """The accuracies of labels predicted for the test images; writes `correct-<name>`."""
        names = self.counts["class_names"]
        return score(predicted, self.labels, self.duplicates, names, converged, outputs, name)

    def save(self, outputs: stage.Outputs) -> None:
        """Write labels and duplicates, which a paired test of two classifiers needs."""
        outputs.save("labels", self.labels)
        outputs.save("duplicates", self.duplicates)


def find_layers(results: list[stage.Result]) -> list[Layer]:
    """The layers of all backbones, in the profile's order and by depth."""
    return [
        Layer(
            result,
            **{key: result.metrics[key] for key in ("backbone", "title", "family")},
            **{key: layer[key] for key in ("label", "array", "dimensions")},
        )
        for result in results
        for layer in result.metrics["layers"]
    ]


def common(results: list[stage.Result], asker: str) -> CommonSplit:
    """The split of the features; raises ColophonError where there are none or they are of several."""
    if not results:
        raise ColophonError(f"{asker} has no features", "Name at least one of the profile's backbones.")
    first = results[0]
    labels = np.array(first.array("test-labels"))
    for result in results[1:]:
        if not np.array_equal(result.array("test-labels"), labels):
            raise ColophonError(
                f"{result.each} and {first.each} are features of different test images",
                "Give every transfer/features the same dataset, train_per_class and seed.",
            )
    metrics = first.metrics
    return CommonSplit(
        train_labels=np.array(first.array("train-labels")),
        labels=labels,
        duplicates=np.array(first.array("test-duplicates")),
        counts={key: metrics[key] for key in SplitCounts.model_fields},
    )
