"""The counts against those of the published report, which were recomputed and confirmed."""

import pytest

from experiments.nn import backbones
from experiments.transfer import architecture

PUBLISHED = {
    "vgg16_fc": [102_764_544, 16_781_312, 4_097_000],
    "vgg16_fc_total": 123_642_856,
    "vgg16_conv_total": 14_714_688,
    "vgg16_total": 138_357_544,
    "mlp": [4_195_328, 524_800, 7_695],
    "mlp_total": 4_727_823,
}


@pytest.fixture
def metrics(run_stage) -> architecture.Metrics:
    found, _ = run_stage(architecture, backbones=("small/vgg", "torchvision/vgg16"))
    return found


def test_vgg16_and_the_perceptron_have_the_published_counts(metrics) -> None:
    vgg16 = metrics.vgg16
    assert [layer.parameters for layer in vgg16.head] == PUBLISHED["vgg16_fc"]
    assert [(layer.label, layer.inputs, layer.outputs) for layer in vgg16.head] == [
        ("fc1", 25088, 4096),
        ("fc2", 4096, 4096),
        ("fc3", 4096, 1000),
    ]
    assert vgg16.fully_connected == PUBLISHED["vgg16_fc_total"]
    assert vgg16.convolutional == PUBLISHED["vgg16_conv_total"]
    assert vgg16.parameters == PUBLISHED["vgg16_total"]
    assert round(100 * vgg16.fully_connected_share) == 89
    assert vgg16.outputs == 1000
    assert [layer.parameters for layer in metrics.mlp.layers] == PUBLISHED["mlp"]
    assert metrics.mlp.parameters == PUBLISHED["mlp_total"]


def test_the_published_gain_of_vit_holds_for_the_weights_trained_on_imagenet_alone(metrics) -> None:
    vit, swag = metrics.vit_b_16, metrics.vit_b_16_swag
    assert (vit.parameters, swag.parameters) == (86_567_656, 86_859_496)
    assert round(100 * vit.fewer_parameters, 2) == 37.43 and round(vit.top1_gain, 2) == 9.48
    assert round(100 * vit.top1_relative_gain, 2) == 13.24
    assert round(100 * swag.fewer_parameters, 2) == 37.22 and round(swag.top1_gain, 2) == 13.71


def test_multiply_adds_are_those_that_torchvision_states_with_its_weights(metrics) -> None:
    stated = {"vgg16": 15.47, "vit_b_16": 17.564, "vit_b_16_swag": 55.484, "squeezenet": 0.349}
    for field, billions in stated.items():
        assert getattr(metrics, field).multiply_adds == pytest.approx(billions, abs=5e-4)


def test_weights_leave_out_biases_normalisation_and_embeddings(metrics) -> None:
    assert metrics.vgg16.weights == 138_344_128  # 13 + 3 layers less their 13,416 biases
    vit = metrics.vit_b_16
    rest = vit.parameters - vit.convolutional - vit.fully_connected
    assert rest == 768 + 197 * 768 + 25 * 2 * 768  # class token, positions, 25 layer normalisations


def test_the_estimate_by_hand_is_close_and_shows_what_the_published_one_implies(metrics) -> None:
    found = metrics.estimate
    assert found.weights == 123_633_664
    assert found.share == pytest.approx(metrics.vgg16.fully_connected_share, abs=1e-4)
    assert round(found.total_if_85_percent / 1e6, 1) == 145.5
    assert round(100 * found.share_of_140_million, 1) == 88.3


def test_the_profiles_networks_stand_beside_the_published_ones_each_once(metrics) -> None:
    names = [row.backbone for row in metrics.networks]
    assert len(names) == len(set(names)) == 6 and names[-1] == "small/vgg"
    assert [row.title for row in metrics.own] == ["VGG (small)", "VGG16"]
    built = backbones.find("small/vgg").build()
    assert metrics.own[0].parameters == sum(p.numel() for p in built.parameters())
    assert metrics.own[0].top1 is None and metrics.own[0].outputs == 26
