"""The baseline without a network: the same linear classifier on the grey pixels themselves.

It tells how much of an accuracy is owed to the features of a network.
"""

import json

import numpy as np
from pydantic import Field

from experiments.data import datasets
from experiments.data.images import ImageSet, find_duplicates
from experiments.transfer.svm import SCALINGS, Fit, fit, score
from experiments.transfer.svm import Settings as SvmSettings
from report import stage
from report.errors import ColophonError
from report.stage import quantity


class Settings(SvmSettings):
    dataset: datasets.DatasetName = Field(default="15-scene", description="that of transfer/features")
    train_per_class: int = Field(default=10, ge=1, le=170, description="that of transfer/features")
    split_seed: int = Field(default=1, ge=0, lt=2**31, description="the seed of transfer/features")
    size: int = Field(default=32, ge=4, le=256, description="a scene is still told at 32 pixels")


class Metrics(stage.Metrics):
    size: int = quantity("side of the picture", "pixels")
    dimensions: int = quantity("pixels an image, a count")
    raw: Fit = quantity("on the grey levels, from 0 to 1")
    normalized: Fit = quantity("on the grey levels scaled to Euclidean length 1")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes predictions (2: raw and normalized, test), labels and correct-<scaling>, both (test,)."""
    split = datasets.load(settings.dataset, inputs.data, settings.train_per_class, settings.split_seed)
    require_same_split(split, inputs.all("transfer/features"), "transfer/pixels")
    train, test = (pixels(part, settings.size, outputs) for part in (split.train, split.test))
    duplicates = find_duplicates(split.train, split.test).test
    predictions, fits = [], {}
    for scaling in SCALINGS:
        predicted, converged = fit(settings, train, split.train.labels, test, scaling)
        predictions.append(predicted)
        fits[scaling] = score(
            predicted, split.test.labels, duplicates, split.test.classes, converged, outputs, scaling
        )
    outputs.save("predictions", np.stack(predictions))
    outputs.save("labels", split.test.labels)
    return Metrics(size=settings.size, dimensions=train.shape[1], **fits)


def require_same_split(split: datasets.Split, features: list[stage.Result], asker: str) -> None:
    """Raise ColophonError unless the features to compare with are of the same images."""
    for result in features:
        for part, images in (("train", split.train), ("test", split.test)):
            if json.loads(result.path(f"{part}-files.json").read_text()) != images.names:
                raise ColophonError(
                    f"{asker} and {result.each} have different {part} images",
                    f"Give {asker} the dataset, train_per_class and seed of transfer/features.",
                )


def pixels(images: ImageSet, size: int, outputs: stage.Outputs) -> np.ndarray:
    """The grey levels of the images shrunk to `size` x `size`: (n, size * size), from 0 to 1."""
    rows = outputs.progress(range(len(images)), len(images), "images")
    return np.stack([images.read(index, size).reshape(-1) for index in rows]) / 255
