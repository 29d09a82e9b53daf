import pytest
import torch

from experiments.nn import backbones
from experiments.nn.last_layer import only_classes

NAMES = [
    "small/vgg",
    "small/squeezenet",
    "small/vit",
    "torchvision/squeezenet1_1",
    "timm/deit_tiny_patch16_224",
]


@pytest.mark.parametrize("name", NAMES)
@torch.inference_mode()
def test_the_scores_of_a_few_classes_are_those_of_the_whole_network(name: str, with_random_weights) -> None:
    backbone = backbones.find(name)
    network = backbones.load(backbone, with_random_weights(name))
    pictures = torch.randn(2, 3, backbone.size, backbone.size)
    whole = network(pictures)
    torch.testing.assert_close(only_classes(network, [7, 2])(pictures), whole[:, [7, 2]])
    torch.testing.assert_close(network(pictures), whole)  # the network itself stays as it was
