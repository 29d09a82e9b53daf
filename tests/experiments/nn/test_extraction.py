from dataclasses import replace

import numpy as np
import pytest
import torch

from experiments.data.images import ImageSet, from_array
from experiments.nn import backbones, device
from experiments.nn.extraction import LayerFeatures, extract

SQUEEZENET = backbones.find("small/squeezenet")


def pictures(count: int = 21) -> ImageSet:
    grey = np.random.default_rng(0).integers(0, 256, (count, 8, 8), dtype=np.uint8)
    return from_array(grey, np.zeros(count), ["only"])


def features(
    backbone: backbones.Backbone, images: ImageSet, precision: device.Precision, threads: int = 2
) -> list[np.ndarray]:
    torch.manual_seed(0)
    extractor = LayerFeatures(backbone.build().eval(), backbone.layers)
    torch.set_num_threads(threads)
    try:
        batches = list(extract(extractor, backbone, images, 4, precision))
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(1)
    assert [part for part, _ in batches][-1] == slice(20, 21)
    return [np.concatenate(layer) for layer in zip(*(f for _, f in batches), strict=True)]


def test_features_are_those_of_the_plain_loop_in_the_order_of_the_images() -> None:
    images = pictures()
    torch.manual_seed(0)
    network = SQUEEZENET.build().eval()
    grey = np.stack([images.read(i, 32) for i in range(21)])
    batch = (torch.from_numpy(grey)[:, None].expand(-1, 3, -1, -1) / 255 - 0.5) / 0.5
    extractor = LayerFeatures(network, SQUEEZENET.layers)
    with torch.no_grad():
        expected = extractor(batch)
    for ours, plain in zip(features(SQUEEZENET, images, "float32"), expected, strict=True):
        np.testing.assert_allclose(ours, plain.numpy(), rtol=1e-4, atol=1e-5)


def test_each_channel_is_normalised_with_its_own_mean_and_deviation() -> None:
    class Mean(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images * self.one

        def __init__(self) -> None:
            super().__init__()
            self.one = torch.nn.Parameter(torch.ones(()))

    backbone = replace(backbones.find("torchvision/vgg16"), size=8, build=Mean, layers={"input": ""})
    grey = np.full((1, 8, 8), 200, dtype=np.uint8)
    extractor = LayerFeatures(Mean(), backbone.layers)
    images = from_array(grey, np.zeros(1), ["only"])
    ((_, (found,)),) = extract(extractor, backbone, images, 4, "float32")
    expected = (200 / 255 - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225])
    np.testing.assert_allclose(found[0], expected, rtol=1e-5)


@pytest.mark.parametrize("name", ["small/vgg", "small/squeezenet", "small/vit"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_features_do_not_depend_on_the_run_or_the_number_of_threads(
    name: str, precision: device.Precision
) -> None:
    backbone = backbones.find(name)
    first = features(backbone, pictures(), precision)
    for again in (
        features(backbone, pictures(), precision),
        features(backbone, pictures(), precision, threads=1),
    ):
        for one, other in zip(first, again, strict=True):
            assert one.tobytes() == other.tobytes()


@pytest.mark.parametrize("name", ["small/vgg", "small/squeezenet", "small/vit"])
def test_bfloat16_features_point_the_same_way(name: str) -> None:
    backbone = backbones.find(name)
    exact = features(backbone, pictures(), "float32")
    for a, b in zip(exact, features(backbone, pictures(), "bfloat16"), strict=True):
        assert b.dtype == np.float32
        cosine = np.sum(a * b, 1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
        assert cosine.min() > 0.995


def test_precision_auto_is_decided_by_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    assert device.resolve("auto", cpu) == "bfloat16"
    assert device.resolve("float32", cpu) == "float32"
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": False})
    assert device.resolve("auto", cpu) == "float32"
    assert device.resolve("bfloat16", cpu) == "bfloat16"
