"""Our attributions against captum's, on a small network with random weights in double precision."""

from typing import Any

import numpy as np
import pytest
import torch
from captum import attr
from scipy import ndimage
from torch import nn

from experiments.nn import backbones
from experiments.visualize import attribution
from report.errors import ColophonError

CLASSES = torch.tensor([3, 0, 4])


@pytest.fixture(scope="module")
def network() -> nn.Sequential:
    torch.manual_seed(0)
    convolutions = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Conv2d(6, 8, 3, stride=2), nn.ReLU())
    return nn.Sequential(convolutions, nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(32, 5)).double()


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    return torch.randn(3, 3, 12, 12, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_the_saliency_map_is_captums_gradient_largest_over_the_channels(network, images) -> None:
    ours = attribution.largest(attribution.gradients(network, images, CLASSES))
    theirs = attr.Saliency(network).attribute(images, target=CLASSES, abs=True).amax(dim=1)
    assert ours.shape == (3, 12, 12)
    torch.testing.assert_close(ours, theirs)


def test_the_gradient_of_a_logit_is_exact_for_a_linear_network(images) -> None:
    linear = nn.Sequential(nn.Flatten(), nn.Linear(3 * 12 * 12, 5)).double()
    layer: Any = linear[1]
    found = attribution.gradients(linear, images, CLASSES)
    torch.testing.assert_close(found.flatten(1), layer.weight.detach()[CLASSES])


def test_a_dead_class_has_a_gradient_of_zero_and_no_nan(images) -> None:
    dead = nn.Sequential(nn.Flatten(), nn.Linear(3 * 12 * 12, 5), nn.ReLU()).double()
    layer: Any = dead[1]
    nn.init.zeros_(layer.weight)
    nn.init.constant_(layer.bias, -1.0)
    assert not attribution.gradients(dead, images, CLASSES).any()


def test_smoothgrad_is_captums_noise_tunnel_with_the_same_noise(network, images, monkeypatch) -> None:
    generator = torch.Generator().manual_seed(2)
    given = torch.stack([torch.randn(images.shape, generator=generator) for _ in range(4)])
    span = (images.amax((1, 2, 3)) - images.amin((1, 2, 3))).view(3, 1, 1, 1)
    ours = attribution.smooth_gradients(network, images, CLASSES, 4, 0.15, torch.Generator().manual_seed(2))

    def noise(mean: torch.Tensor, std: torch.Tensor, **_: Any) -> torch.Tensor:
        return mean + std * next(one_after_the_other).to(std)

    saliency = attr.Saliency(network)
    theirs = torch.zeros_like(images)
    for picture in range(3):  # captum knows one standard deviation for all pictures
        one_after_the_other = iter(given[:, picture : picture + 1])
        monkeypatch.setattr(torch, "normal", noise)
        found: Any = attr.NoiseTunnel(saliency).attribute(
            images[picture : picture + 1],
            nt_samples=4,
            nt_samples_batch_size=1,
            stdevs=float(0.15 * span[picture]),
            target=int(CLASSES[picture]),
            abs=False,
        )
        theirs[picture] = found[0]
    torch.testing.assert_close(ours, theirs)


def test_integrated_gradients_are_captums_with_the_midpoint_rule(network, images) -> None:
    ours = attribution.integrated_gradients(network, images, CLASSES, 7)
    theirs = attr.IntegratedGradients(network).attribute(
        images, baselines=0.0, target=CLASSES, n_steps=7, method="riemann_middle"
    )
    torch.testing.assert_close(ours, theirs)


def test_integrated_gradients_sum_to_the_difference_of_the_scores(network, images) -> None:
    ours = attribution.integrated_gradients(network, images, CLASSES, 400)
    with torch.no_grad():
        difference = attribution.scores(network, images, CLASSES) - attribution.scores(
            network, torch.zeros_like(images), CLASSES
        )
    torch.testing.assert_close(ours.sum(dim=(1, 2, 3)), difference, rtol=0.01, atol=1e-3)


def test_grad_cam_is_captums_with_its_relu(network, images) -> None:
    layer: Any = network[0]
    ours = attribution.grad_cam(network, layer, images, CLASSES)
    cam = attr.LayerGradCam(network, layer)
    theirs: Any = cam.attribute(images, target=CLASSES, relu_attributions=True)
    torch.testing.assert_close(ours, theirs[:, 0])
    assert not layer._forward_hooks
    large = attr.LayerAttribution.interpolate(theirs, (12, 12), interpolate_mode="bilinear")
    torch.testing.assert_close(attribution.enlarged(ours, 12)[:, None], large)


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("torchvision/squeezenet1_1", "features.12"),
        ("torchvision/vgg16", "features.29"),
        ("small/vgg", "features.13"),
    ],
)
def test_grad_cam_takes_the_last_maps_before_a_pooling(name, layer) -> None:
    backbone = backbones.find(name)
    with torch.device("meta"):
        network = backbone.build()
    assert attribution.last_maps(network, backbone) is network.get_submodule(layer)


def test_grad_cam_leaves_transformers_out_and_refuses_networks_without_its_layer() -> None:
    transformer = backbones.find("small/vit")
    assert attribution.last_maps(nn.Linear(2, 2), transformer) is None
    with pytest.raises(ColophonError, match=r"VGG16|vgg16.*lacks the layer that Grad-CAM asks for"):
        attribution.last_maps(nn.Linear(2, 2), backbones.find("torchvision/vgg16"))


def test_the_centre_gaussian_falls_with_the_distance_from_the_centre() -> None:
    (bell, again) = attribution.centre_gaussian(2, 9)
    np.testing.assert_array_equal(bell, again)
    places = (np.arange(9) - 4) / 9
    away = np.hypot(places[:, None], places)
    np.testing.assert_allclose(bell, np.exp(-0.5 * (away / 0.25) ** 2), rtol=1e-6)


def test_edges_are_zero_in_even_parts_and_of_one_strength_in_every_direction() -> None:
    image = np.zeros((1, 12, 12, 3), dtype=np.uint8)
    image[:, :, 6:] = 100
    upright, lying = (attribution.edges(i)[0] for i in (image, image.transpose(0, 2, 1, 3)))
    np.testing.assert_array_equal(upright, lying.T)
    assert np.all(upright[:, 5:7] == 400) and not upright[:, :5].any() and not upright[:, 7:].any()
    grey = np.random.default_rng(0).integers(0, 256, (1, 9, 9), dtype=np.uint8)
    found = attribution.edges(grey[..., None].repeat(3, axis=-1))[0]
    np.testing.assert_allclose(
        found, ndimage.generic_gradient_magnitude(grey[0].astype(float), ndimage.sobel), rtol=1e-5
    )
