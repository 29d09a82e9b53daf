"""Extract the features of a data set at the named layers of one backbone, once for all later use.

15-Scene's grey pictures are resized to the network's input without a crop, their grey channel is
repeated three times, and the values are normalised as the backbone's training images were.
"""

import json
import time
from collections.abc import Iterable

import numpy as np
from pydantic import Field

from experiments.data import datasets
from experiments.data.images import ImageSet, find_duplicates
from experiments.data.split_counts import SplitCounts
from experiments.nn import backbones, device
from experiments.nn.extraction import LayerFeatures, extract, widths
from experiments.nn.weights import weights_of
from report import stage
from report.stage import quantity


class Settings(stage.Settings):
    backbone: backbones.BackboneName = Field(
        "torchvision/squeezenet1_1",
        description="the trained network; a profile names several, one run each",
    )
    layers: tuple[str, ...] | None = Field(
        default=None,
        description="layers by label; None takes all that the table of backbones names",
    )
    dataset: datasets.DatasetName = Field(default="15-scene", description="the practical's data set")
    train_per_class: int = Field(
        default=10, ge=1, le=170, description="of digits only: so few that the transfer matters"
    )
    batch_size: int = Field(default=8, ge=1, le=1024, description="larger ones leave a core's cache")
    precision: device.PrecisionChoice = Field(
        default="auto",
        description="bfloat16 where the device has it: twice as fast, accuracies differ "
        "by less than their intervals; float32 elsewhere",
    )
    seed: int = Field(default=1, ge=0, lt=2**31, description="of digits only: chooses the training images")


class Layer(stage.Metrics):
    label: str = quantity("the layer's name in the document")
    module: str = quantity("the module whose output it is, in the network's code")
    dimensions: int = quantity("features an image, a count")
    array: str = quantity("the arrays with its features are train-<this> and test-<this>")


class Metrics(SplitCounts):
    backbone: str = quantity("the network's name in the profiles")
    title: str = quantity("the network's name in the document")
    family: backbones.Family = quantity("convolutional or transformer")
    parameters: int = quantity("parameters of the network, a count")
    image_size: int = quantity("side of the network's input", "pixels")
    precision: device.Precision = quantity("number format that the network ran in")
    dataset: str = quantity("the data set's name in the profiles")
    layers: list[Layer] = quantity("the layers that features were taken from, early to late")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes train-<layer> and test-<layer> (n, dimensions) float32, labels, duplicates, files.

    Also contents, int64: for the training images, then the test images, the index among all of them
    of the first with the same stored bytes.
    """
    backbone = backbones.find(settings.backbone)
    layers = backbones.select_layers(backbone, settings.layers)
    split = datasets.load(settings.dataset, inputs.data, settings.train_per_class, settings.seed)
    network = backbones.load(backbone, weights_of(backbone, inputs))
    parameters = sum(p.numel() for p in network.parameters())  # extraction puts another stem in place
    precision = device.resolve(settings.precision, device.choose())
    outputs.record("precision", precision)
    extractor = LayerFeatures(network, layers)
    found = [
        Layer(label=label, module=module, dimensions=width, array=label.replace(" ", "-"))
        for (label, module), width in zip(layers.items(), widths(extractor, backbone.size), strict=True)
    ]
    began = time.perf_counter()
    for name, images in (("train", split.train), ("test", split.test)):
        batches = extract(extractor, backbone, images, settings.batch_size, precision)
        total = -(-len(images) // settings.batch_size)
        batches = outputs.progress(batches, total, "batches", f"{backbone.title}, {name}")
        _write(name, images, found, batches, outputs)
    seconds = time.perf_counter() - began
    outputs.record("seconds of extraction", round(seconds, 2))
    images = len(split.train) + len(split.test)
    outputs.record("images per second", images / seconds, "images/s", 0)
    duplicates = find_duplicates(split.train, split.test)
    outputs.save("test-duplicates", duplicates.test)
    outputs.save("contents", duplicates.contents)
    return Metrics(
        backbone=backbone.name,
        title=backbone.title,
        family=backbone.family,
        parameters=parameters,
        image_size=backbone.size,
        precision=precision,
        dataset=settings.dataset,
        dataset_title=datasets.TITLES[settings.dataset],
        class_names=split.train.classes,
        classes=len(split.train.classes),
        train=len(split.train),
        test=len(split.test),
        duplicate_groups=duplicates.groups,
        test_duplicates=int(duplicates.test.sum()),
        conflicting_duplicates=duplicates.conflicting,
        layers=found,
    )


def _write(
    name: str,
    images: ImageSet,
    layers: list[Layer],
    batches: Iterable[tuple[slice, tuple[np.ndarray, ...]]],
    outputs: stage.Outputs,
) -> None:
    arrays = [outputs.array(f"{name}-{layer.array}", (len(images), layer.dimensions)) for layer in layers]
    for part, features in batches:
        for array, values in zip(arrays, features, strict=True):
            array[part] = values
    for array in arrays:
        array.flush()
    outputs.save(f"{name}-labels", images.labels)
    outputs.path(f"{name}-files.json").write_text(json.dumps(images.names, indent=0))
