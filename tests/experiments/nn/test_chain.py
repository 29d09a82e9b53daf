"""A network taken apart computes what it computes whole."""

import pytest
import torch

from experiments.nn import backbones
from experiments.nn.chain import chain, divide, sequence
from experiments.nn.extraction import LayerFeatures, pooled
from report.errors import ColophonError

SMALL = ("small/vgg", "small/squeezenet", "small/vit")
LARGE = ("torchvision/squeezenet1_1", "timm/deit_tiny_patch16_224")


def built(name: str) -> tuple[backbones.Backbone, torch.nn.Module, torch.Tensor]:
    torch.manual_seed(0)
    backbone = backbones.find(name)
    return backbone, backbone.build().eval(), torch.randn(2, 3, backbone.size, backbone.size)


@pytest.mark.parametrize("name", [*SMALL, *LARGE])
@torch.no_grad()
def test_a_chain_gives_at_each_named_layer_what_the_network_gives(name: str) -> None:
    backbone, network, images = built(name)
    expected = LayerFeatures(network, backbone.layers)(images)
    for path, features in zip(backbone.layers.values(), expected, strict=True):
        torch.testing.assert_close(pooled(sequence(chain(network, path))(images)), features)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("small/vgg", "classifier.0"),
        ("small/squeezenet", "features.9"),
        ("small/vit", "encoder.layers.encoder_layer_1"),
        ("timm/deit_tiny_patch16_224", "blocks.11"),
    ],
)
@torch.no_grad()
def test_both_parts_of_a_divided_chain_give_what_the_whole_gives(name: str, path: str) -> None:
    backbone, network, images = built(name)
    links = chain(network, list(backbone.layers.values())[-1])
    before, after = divide(links, path)
    assert next(iter(after)) == path and [*before, *after] == list(links)
    whole = sequence(links)(images)
    torch.testing.assert_close(sequence(after)(sequence(before)(images)), whole, rtol=0, atol=0)


def test_nothing_is_before_a_chain_that_is_not_divided() -> None:
    _, network, _ = built("small/vgg")
    links = chain(network, "classifier.6")
    assert divide(links, None) == ({}, links)


@pytest.mark.parametrize("name", SMALL)
def test_the_chain_holds_the_networks_own_parameters(name: str) -> None:
    backbone, network, _ = built(name)
    links = chain(network, list(backbone.layers.values())[-1])
    own = {id(parameter) for parameter in network.parameters()}
    taken = {id(parameter) for parameter in sequence(links).parameters()}
    assert taken <= own
    rest = {name for name, parameter in network.named_parameters() if id(parameter) not in taken}
    assert rest <= {"heads.head.weight", "heads.head.bias"}


def test_a_module_that_is_not_in_the_chain_is_refused() -> None:
    _, network, _ = built("small/vit")
    with pytest.raises(ColophonError, match=r"no module 'blocks\.3' to cut at"):
        divide(chain(network, "encoder.ln"), "blocks.3")
