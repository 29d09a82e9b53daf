import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import BaseModel, ValidationError
from safetensors.torch import save_file
from torch import nn
from torchvision import models
from torchvision.models.feature_extraction import create_feature_extractor

from experiments.data import letters
from experiments.nn import backbones, small
from experiments.nn.extraction import LayerFeatures, widths
from report.errors import ColophonError

WIDTHS = {
    "torchvision/squeezenet1_1": {"fire6": 384, "fire9": 512, "conv10": 1000},
    "torchvision/vgg16": {"relu6": 4096, "relu7": 4096, "fc8": 1000},
    "torchvision/vit_b_16:IMAGENET1K_V1": {"class token": 768},
    "torchvision/vit_b_16:IMAGENET1K_SWAG_E2E_V1": {"class token": 768},
    "timm/deit_tiny_patch16_224": {"class token": 192},
    "small/vgg": {"relu6": 128, "relu7": 128, "fc8": 26},
    "small/squeezenet": {"fire6": 96, "fire9": 128, "conv10": 26},
    "small/vit": {"class token": 64},
}
LIGHT = [name for name in WIDTHS if "vgg16" not in name and "vit_b" not in name]
# Sizes of the published networks, from their papers and torchvision's documentation.
PARAMETERS = {
    "torchvision/squeezenet1_1": 1_235_496,
    "torchvision/vgg16": 138_357_544,
    "torchvision/vit_b_16:IMAGENET1K_V1": 86_567_656,
    "torchvision/vit_b_16:IMAGENET1K_SWAG_E2E_V1": 86_859_496,
    "timm/deit_tiny_patch16_224": 5_717_416,
}


def on_meta(name: str) -> nn.Module:
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # initialisation does nothing there
        return backbones.find(name).build().eval()


def test_every_backbone_is_covered_here() -> None:
    assert set(WIDTHS) == set(backbones.BACKBONES)


@pytest.mark.parametrize("name", WIDTHS)
def test_each_layer_has_the_published_width(name: str) -> None:
    backbone = backbones.find(name)
    network = on_meta(name)
    extractor = LayerFeatures(network, backbone.layers)
    found = extractor(torch.zeros(1, 3, backbone.size, backbone.size, device="meta"))
    shapes = {label: part.shape[1] for label, part in zip(extractor.labels, found, strict=True)}
    assert shapes == WIDTHS[name]


@pytest.mark.parametrize("name", PARAMETERS)
def test_each_published_network_has_its_published_size(name: str) -> None:
    assert sum(p.numel() for p in on_meta(name).parameters()) == PARAMETERS[name]


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("torchvision/squeezenet1_1", models.SqueezeNet1_1_Weights.IMAGENET1K_V1),
        ("torchvision/vgg16", models.VGG16_Weights.IMAGENET1K_V1),
        ("torchvision/vit_b_16:IMAGENET1K_V1", models.ViT_B_16_Weights.IMAGENET1K_V1),
        (
            "torchvision/vit_b_16:IMAGENET1K_SWAG_E2E_V1",
            models.ViT_B_16_Weights.IMAGENET1K_SWAG_E2E_V1,
        ),
    ],
)
def test_size_and_normalisation_are_those_of_the_weights(name: str, weights) -> None:
    backbone, prepare = backbones.find(name), weights.transforms()
    assert [backbone.size] == prepare.crop_size
    assert list(backbone.mean) == prepare.mean and list(backbone.std) == prepare.std


@pytest.mark.parametrize("name", LIGHT)
def test_features_agree_with_torchvisions_feature_extractor(name: str) -> None:
    backbone = backbones.find(name)
    torch.manual_seed(0)
    network = backbone.build().eval()
    images = torch.randn(2, 3, backbone.size, backbone.size)
    # The oracle runs first, on a copy of each output: a later in-place ReLU may overwrite it.
    oracle = {}
    for label, module in backbone.layers.items():
        cut = create_feature_extractor(network, {module: "output"})  # nothing runs after it
        with torch.no_grad():
            oracle[label] = cut(images)["output"].clone()
    extractor = LayerFeatures(network, backbone.layers)
    with torch.no_grad():
        found = dict(zip(extractor.labels, extractor(images), strict=True))
    for label, output in oracle.items():
        if output.ndim == 4:
            output = output.mean((2, 3))
        elif output.ndim == 3:
            output = output[:, 0]
        torch.testing.assert_close(found[label], output)


def test_an_in_place_relu_does_not_alter_the_layer_before_it() -> None:
    network = nn.Sequential(nn.Identity(), nn.ReLU(inplace=True))
    extractor = LayerFeatures(network, {"before": "0", "after": "1"})
    vectors = torch.tensor([[-1.0, 2.0]])
    before, after = extractor(vectors)
    assert before.tolist() == [[-1.0, 2.0]] and after.tolist() == [[0.0, 2.0]]
    (before, _) = extractor(torch.full((1, 2, 3, 3), -4.0))
    assert before.tolist() == [[-4.0, -4.0]]


def test_small_networks_keep_torchvisions_module_names() -> None:
    small: Any
    large: Any
    small, large = on_meta("small/vgg"), on_meta("torchvision/vgg16")
    assert [type(m) for m in small.classifier] == [type(m) for m in large.classifier]
    small, large = on_meta("small/squeezenet"), on_meta("torchvision/squeezenet1_1")
    for index in (3, 4, 6, 7, 9, 10, 11, 12):
        assert type(small.features[index]) is type(large.features[index])


def test_an_unknown_backbone_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ColophonError, match=r"resnet.*\n.*small/vgg.*torchvision/vgg16"):
        backbones.find("torchvision/resnet50")

    class Model(BaseModel):
        backbone: backbones.BackboneName

    with pytest.raises(ValidationError, match="unknown backbone 'x'"):
        Model(backbone="x")


def test_an_unknown_layer_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ColophonError, match=r"no layer 'relu8'\n.*relu6, relu7, fc8"):
        backbones.select_layers(backbones.find("torchvision/vgg16"), ("relu8",))


def test_layers_come_in_the_order_of_depth() -> None:
    chosen = backbones.select_layers(backbones.find("small/vgg"), ("fc8", "relu6"))
    assert list(chosen) == ["relu6", "fc8"]


def test_weights_are_loaded_from_both_kinds_of_file(tmp_path: Path) -> None:
    backbone = backbones.find("small/squeezenet")
    state = backbone.build().state_dict()
    save_file(state, tmp_path / "w.safetensors")
    torch.save({k: v.half() for k, v in state.items()}, tmp_path / "w.pth")
    exact = backbones.load(backbone, tmp_path / "w.safetensors")
    halved = backbones.load(backbone, tmp_path / "w.pth")
    assert not exact.training
    for name, value in exact.state_dict().items():
        assert torch.equal(value, state[name])
        torch.testing.assert_close(halved.state_dict()[name], value, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_a_damaged_weights_file_is_named(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"weights{suffix}"
    path.write_bytes(b"damaged" * 10)
    with pytest.raises(ColophonError, match=f"weights{suffix}"):
        backbones.load(backbones.find("small/vgg"), path)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    save_file(backbones.find("small/vit").build().state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(ColophonError, match="does not hold the weights of small/vgg"):
        backbones.load(backbones.find("small/vgg"), tmp_path / "w.safetensors")


def test_widths_of_a_network_with_weights() -> None:
    backbone = backbones.find("small/vit")
    extractor = LayerFeatures(backbone.build().eval(), backbone.layers)
    assert widths(extractor, backbone.size) == [64]


def test_small_networks_tell_as_many_classes_as_there_are_letters() -> None:
    assert len(letters.CLASSES) == small.CLASSES
