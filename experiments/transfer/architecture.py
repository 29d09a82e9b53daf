"""How large the networks are: exact counts from their classes, for which no weights are needed.

Accuracies are those that torchvision states with its weights, on ImageNet's 50,000 validation images.
"""

from pydantic import Field
from torch import nn
from torchvision import models

from experiments.nn import backbones
from experiments.nn.backbones import Backbone, BackboneName, Family
from experiments.nn.counting import count, head, on_meta, one_image
from experiments.nn.mlp import mlp
from report import stage
from report.stage import quantity

VGG16 = "torchvision/vgg16"
PUBLISHED = {
    "vgg16": VGG16,
    "vit_b_16": "torchvision/vit_b_16:IMAGENET1K_V1",
    "vit_b_16_swag": "torchvision/vit_b_16:IMAGENET1K_SWAG_E2E_V1",
    "squeezenet": "torchvision/squeezenet1_1",
    "deit_tiny": "timm/deit_tiny_patch16_224",
}


class Settings(stage.Settings):
    backbones: tuple[BackboneName, ...] = Field(
        (), description="the profile's networks, counted beside those of the published reports"
    )
    mlp_inputs: int = Field(default=4096, ge=1, description="the width of VGG16's relu6")
    mlp_classes: int = Field(default=15, ge=2, description="the classes of 15-Scene")


class Layer(stage.Metrics):
    label: str = quantity("the layer's name in the document")
    module: str = quantity("the module in the network's code")
    inputs: int = quantity("inputs of the layer, a count")
    outputs: int = quantity("outputs of the layer, a count")
    weights: int = quantity("weights of the layer, a count")
    parameters: int = quantity("parameters of the layer, biases included, a count")


class Network(stage.Metrics):
    backbone: str = quantity("the network's name in the profiles")
    title: str = quantity("the network's name in the document")
    family: Family = quantity("convolutional or transformer")
    image_size: int = quantity("side of the network's input", "pixels")
    outputs: int = quantity("values that the network gives for an image, one a class, a count")
    parameters: int = quantity("parameters, a count")
    millions: float = quantity("parameters", "million", 1)
    weights: int = quantity("weights of matrices and kernels alone, a count")
    convolutional: int = quantity("parameters of convolutions, biases included, a count")
    fully_connected: int = quantity(
        "parameters of linear layers and of attention's projections, biases included, a count"
    )
    fully_connected_share: float = quantity("their share of all parameters", "fraction", 1)
    head: list[Layer] = quantity("the classifier's fully connected layers")
    multiply_adds: float = quantity("multiply-adds of one image", "billion", 3)
    top1: float | None = quantity("published ImageNet top-1 accuracy; null if none", "fraction", 2)
    top1_gain: float | None = quantity("its top-1 accuracy less VGG16's; null if none", "points", 2)
    top1_relative_gain: float | None = quantity("the same, of VGG16's accuracy", "fraction", 2)
    fewer_parameters: float = quantity("how many of VGG16's parameters it does without", "fraction", 2)


class Mlp(stage.Metrics):
    layers: list[Layer] = quantity("its linear layers")
    parameters: int = quantity("its parameters, a count")
    millions: float = quantity("its parameters", "million", 2)


class Estimate(stage.Metrics):
    """VGG16's size as one estimates it by hand: the weights of its fully connected layers."""

    inputs: int = quantity("values that the last pooling hands to the first of them, 7 x 7 x 512, a count")
    weights: int = quantity("7 x 7 x 512 x 4096 + 4096 x 4096 + 4096 x 1000, a count")
    share: float = quantity("their share of all parameters", "fraction", 1)
    total_if_85_percent: int = quantity("the network's size if they were 85 % of it, a count")
    share_of_140_million: float = quantity("the fully connected share if it had 140 million", "fraction", 1)


class Metrics(stage.Metrics):
    vgg16: Network = quantity("VGG16")
    vit_b_16: Network = quantity("ViT-B/16 at 224 pixels")
    vit_b_16_swag: Network = quantity("ViT-B/16 at 384 pixels, with SWAG's weights")
    squeezenet: Network = quantity("SqueezeNet 1.1")
    deit_tiny: Network = quantity("DeiT-Tiny")
    estimate: Estimate = quantity("VGG16's size as one estimates it by hand")
    mlp: Mlp = quantity("the multilayer perceptron that is trained on features")
    networks: list[Network] = quantity("the published networks and the profile's, each once")
    own: list[Network] = quantity("the profile's networks")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes no arrays."""
    names = dict.fromkeys([*PUBLISHED.values(), *settings.backbones])
    largest = count(on_meta(backbones.find(VGG16).build)).parameters
    rows = {
        name: measure(backbones.find(name), largest) for name in outputs.progress(names, unit="networks")
    }
    perceptron = on_meta(lambda: mlp(settings.mlp_inputs, settings.mlp_classes))
    total = count(perceptron).parameters
    linear = {path: layer for path, layer in perceptron.named_modules() if isinstance(layer, nn.Linear)}
    return Metrics(
        **{field: rows[name] for field, name in PUBLISHED.items()},
        estimate=estimate(rows[VGG16]),
        mlp=Mlp(layers=layers(linear, "linear"), parameters=total, millions=total / 1e6),
        networks=list(rows.values()),
        own=[rows[name] for name in settings.backbones],
    )


def measure(backbone: Backbone, vgg16: int) -> Network:
    """The counts of a backbone, compared with VGG16 of `vgg16` parameters."""
    network = on_meta(backbone.build)
    counts, own, reference = count(network), top1(backbone.name), top1(VGG16)
    operations, outputs = one_image(network, backbone.size)
    gain = None if own is None or reference is None else own - reference
    return Network(
        backbone=backbone.name,
        title=backbone.title,
        family=backbone.family,
        image_size=backbone.size,
        outputs=outputs,
        parameters=counts.parameters,
        millions=counts.parameters / 1e6,
        weights=counts.weights,
        convolutional=counts.convolutional,
        fully_connected=counts.fully_connected,
        fully_connected_share=counts.fully_connected / counts.parameters,
        head=layers(head(network), "fc"),
        multiply_adds=operations / 1e9,
        top1=own,
        top1_gain=None if gain is None else 100 * gain,
        top1_relative_gain=None if gain is None or reference is None else gain / reference,
        fewer_parameters=1 - counts.parameters / vgg16,
    )


def layers(found: dict[str, nn.Linear], label: str) -> list[Layer]:
    """The sizes of linear layers, labelled in their order: fc1, fc2, …"""
    return [
        Layer(
            label=f"{label}{index}",
            module=path,
            inputs=layer.in_features,
            outputs=layer.out_features,
            weights=layer.weight.numel(),
            parameters=sum(p.numel() for p in layer.parameters()),
        )
        for index, (path, layer) in enumerate(found.items(), start=1)
    ]


def top1(name: str) -> float | None:
    """The ImageNet top-1 accuracy, a fraction, that torchvision states with the weights of a backbone."""
    origin, _, model = name.partition("/")
    if origin != "torchvision":
        return None
    architecture, _, weights = model.partition(":")
    known = models.get_model_weights(architecture)
    entry = known[weights or "DEFAULT"]
    return entry.meta["_metrics"]["ImageNet-1K"]["acc@1"] / 100


def estimate(vgg16: Network) -> Estimate:
    """The fully connected part by its formula, and what the published estimates imply."""
    inputs = 7 * 7 * 512
    weights = inputs * 4096 + 4096 * 4096 + 4096 * 1000
    return Estimate(
        inputs=inputs,
        weights=weights,
        share=weights / vgg16.parameters,
        total_if_85_percent=round(vgg16.fully_connected / 0.85),
        share_of_140_million=vgg16.fully_connected / 140e6,
    )
