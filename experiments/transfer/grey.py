"""Grey images for networks of colour: one channel repeated, or a first layer with summed weights.

Both are the same function, which is measured, on the CPU, up to rounding. Averaging the weights, as a
published report has it, is another function: responses of a third. What it costs is measured too.
"""

import copy

import numpy as np
import torch
from pydantic import Field
from torch import nn

from experiments.data.photos import Photo
from experiments.nn import device, inference
from experiments.nn.backbones import Backbone
from experiments.nn.counting import on_meta, one_image
from experiments.nn.stem import GreyStem, first_convolution, with_stem
from experiments.statistics import Accuracy, accuracy, wilson
from experiments.transfer import photo_networks
from experiments.transfer.photo_networks import About, about, networks, seen
from report import stage
from report.stage import quantity


class Settings(photo_networks.Settings):
    labelled: int = Field(default=200, ge=2, le=100_000, description="shares within 7 points")
    compared: int = Field(
        default=8, ge=1, le=1000, description="of them, to compare every response of: enough for rounding"
    )


class Difference(stage.Metrics):
    absolute: float = quantity("largest absolute difference")
    relative: float = quantity("the same, of the largest absolute value")


class Differences(stage.Metrics):
    float32: Difference = quantity("computed in single precision")
    float64: Difference = quantity("computed in double precision")


class Share(stage.Metrics):
    value: float = quantity("share of photos", "fraction", 1, ge=0, le=1)
    low: float = quantity("lower end of the Wilson 95 % interval", "fraction", 1, ge=0, le=1)
    high: float = quantity("upper end of the Wilson 95 % interval", "fraction", 1, ge=0, le=1)
    count: int = quantity("photos, a count")


class Outcome(stage.Metrics):
    accuracy: Accuracy = quantity("share of labelled photos whose class is named first")
    correct: str = quantity("the array that tells of each labelled photo whether it was")


class Network(About):
    layer: str = quantity("the first convolution's module in the network's code")
    filters: int = quantity("its filters, a count")
    kernel: int = quantity("the side of its kernel", "pixels")
    stride: int = quantity("its stride", "pixels")
    padding: int = quantity("its padding with zeros on each side", "pixels")
    weights: int = quantity("its weights for three colours, a count")
    weights_grey: int = quantity("its weights for one channel, a count")
    multiply_adds: int = quantity("its multiply-adds an image for three colours, a count")
    multiply_adds_grey: int = quantity("its multiply-adds an image for one channel, a count")
    saved: int = quantity("multiply-adds an image that summed weights save, a count")
    saved_of_layer: float = quantity("their share of the first layer's", "fraction", 1)
    saved_of_network: float = quantity("their share of the network's", "fraction", 2)
    first_layer: Differences = quantity("responses: summed weights against repeated channels")
    logits: Differences = quantity("logits: summed weights against repeated channels")
    border: float = quantity("largest error of a response if the folded bias were one number a filter")
    border_relative: float = quantity("the same, of the largest absolute response", "fraction", 0)
    averaged_ratio: float = quantity("responses without bias: averaged weights to summed ones", digits=4)
    averaged_change: Share = quantity("photos to which averaged weights give another first class")
    colour: Outcome = quantity("on the photos as they are")
    grey: Outcome = quantity("on the photos made grey, their channel repeated")
    averaged: Outcome = quantity("on the photos made grey, through averaged weights")
    lost_to_grey: float = quantity("accuracy in colour less that in grey", "points", 1)
    lost_to_averaging: float = quantity("accuracy in grey less that with averaged weights", "points", 1)


class Metrics(stage.Metrics):
    labelled: int = quantity("photos that accuracies are measured on, a count")
    compared: int = quantity("of them, photos whose every response and logit is compared, a count")
    networks: list[Network] = quantity("each network, in the profile's order")
    largest_float32: float = quantity("largest relative difference of logits of all networks, float32")
    largest_float64: float = quantity("largest relative difference of logits of all networks, float64")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes labels and correct-<way>-<network> (labelled,) for colour, grey and averaged."""
    photos = seen(settings, inputs).labelled
    outputs.save("labels", np.array([photo.label for photo in photos]))
    todo = outputs.progress(networks(settings, inputs), len(settings.backbones), "networks")
    rows = [examine(network, backbone, photos, settings.compared, outputs) for backbone, network in todo]
    return Metrics(
        labelled=len(photos),
        compared=min(settings.compared, len(photos)),
        networks=rows,
        largest_float32=max(row.logits.float32.relative for row in rows),
        largest_float64=max(row.logits.float64.relative for row in rows),
    )


def examine(
    network: nn.Module, backbone: Backbone, photos: list[Photo], compared: int, outputs: stage.Outputs
) -> Network:
    """Everything that is measured of one network."""
    path, convolution = first_convolution(network.requires_grad_(False))
    stem = GreyStem(convolution, backbone)
    grey = np.stack([photo.grey(backbone.size) for photo in photos])
    with device.single_threaded():
        first, last = compare(network, backbone, grey[:compared])
        reach = float(convolution(inference.normalized(repeat(grey[:compared]), backbone)).abs().max())
        averaged = ratio(stem, grey[:compared])
    positions = stem.black[0].numel()
    operations = positions * convolution.weight.numel()
    total, _ = one_image(on_meta(backbone.build), backbone.size)
    return Network.model_validate(
        about(backbone)
        | outcomes(network, backbone, photos, grey, outputs)
        | {
            "layer": path,
            "filters": convolution.out_channels,
            "kernel": convolution.kernel_size[0],
            "stride": convolution.stride[0],
            "padding": convolution.padding[0],
            "weights": convolution.weight.numel(),
            "weights_grey": stem.weight.numel(),
            "multiply_adds": operations,
            "multiply_adds_grey": operations // 3,
            "saved": operations - operations // 3,
            "saved_of_layer": 2 / 3,
            "saved_of_network": (operations - operations // 3) / total,
            "first_layer": first,
            "logits": last,
            "border": stem.border_gap(),
            "border_relative": stem.border_gap() / reach,
            "averaged_ratio": averaged,
        }
    )


def repeat(grey: np.ndarray) -> np.ndarray:
    """Grey pictures (n, size, size) with their channel repeated, (n, size, size, 3)."""
    return np.repeat(grey[..., None], 3, axis=-1)


def in_unit(grey: np.ndarray, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Grey pictures uint8 (n, size, size) as (n, 1, size, size) in [0, 1]."""
    return torch.from_numpy(grey).unsqueeze(1).to(dtype) / 255


@torch.inference_mode()
def compare(
    network: nn.Module, backbone: Backbone, grey: np.ndarray
) -> tuple[dict[str, Difference], dict[str, Difference]]:
    """How responses and logits of the two ways differ in both precisions, on grey pictures."""
    found: tuple[dict[str, Difference], dict[str, Difference]] = ({}, {})
    for dtype in (torch.float32, torch.float64):
        colour = copy.deepcopy(network).to(dtype)
        _, convolution = first_convolution(colour)
        stem = GreyStem(convolution, backbone)
        repeated, single = inference.normalized(repeat(grey), backbone, dtype), in_unit(grey, dtype)
        name = str(dtype).removeprefix("torch.")
        found[0][name] = difference(stem(single), convolution(repeated))
        found[1][name] = difference(with_stem(colour, stem)(single), colour(repeated))
    return found


def difference(values: torch.Tensor, reference: torch.Tensor) -> Difference:
    """The largest difference of two tensors of one shape."""
    absolute = float((values - reference).abs().max())
    scale = max(float(reference.abs().max()), np.finfo(float).tiny)  # all zero: no difference either
    return Difference(absolute=absolute, relative=absolute / scale)


@torch.inference_mode()
def ratio(stem: GreyStem, grey: np.ndarray) -> float:
    """Responses with averaged weights to those with summed weights, by least squares, without bias."""
    bias = stem.bias[:, None, None]
    summed, averaged = (s(in_unit(grey)).double() - bias for s in (stem, stem.averaged()))
    return float((summed * averaged).sum() / (summed * summed).sum())


def outcomes(
    network: nn.Module, backbone: Backbone, photos: list[Photo], grey: np.ndarray, outputs: stage.Outputs
) -> dict[str, object]:
    """The first classes of the labelled photos in colour, in grey and through averaged weights."""
    labels = np.array([photo.label for photo in photos])
    stem = GreyStem(first_convolution(network)[1], backbone).averaged()
    ways = {
        "averaged": inference.logits(with_stem(network, stem), len(photos), lambda p: in_unit(grey[p])),
        "colour": inference.of_photos(network, backbone, photos),
        "grey": inference.logits(
            network, len(photos), lambda p: inference.normalized(repeat(grey[p]), backbone)
        ),
    }
    first = {way: np.concatenate(list(batches)).argmax(1) for way, batches in ways.items()}
    found: dict[str, object] = {}
    for way, predicted in first.items():
        outputs.save(f"correct-{way}-{backbone.slug}", predicted == labels)
        found[way] = Outcome(accuracy=accuracy(predicted, labels), correct=f"correct-{way}-{backbone.slug}")
    right = {way: float(np.mean(predicted == labels)) for way, predicted in first.items()}
    changed = int(np.sum(first["averaged"] != first["grey"]))
    low, high = wilson(changed, len(labels))
    return found | {
        "averaged_change": Share(value=changed / len(labels), low=low, high=high, count=changed),
        "lost_to_grey": 100 * (right["colour"] - right["grey"]),
        "lost_to_averaging": 100 * (right["grey"] - right["averaged"]),
    }
