import torch
from torch import nn

from experiments.nn.counting import count, head, on_meta, one_image


def test_parameters_and_operations_of_a_small_network_are_those_counted_by_hand() -> None:
    def build() -> nn.Module:
        network = nn.Sequential()
        network.add_module("features", nn.Conv2d(3, 4, 3, stride=2, padding=1))
        network.add_module("norm", nn.BatchNorm2d(4))
        network.add_module("flatten", nn.Flatten())
        network.add_module("classifier", nn.Linear(4 * 4 * 4, 5))
        return network

    network = on_meta(build)
    found = count(network)
    assert found.convolutional == 3 * 4 * 9 + 4
    assert found.fully_connected == 64 * 5 + 5
    assert found.weights == 3 * 4 * 9 + 64 * 5
    assert found.parameters == found.convolutional + found.fully_connected + 2 * 4
    assert one_image(network, 8) == (16 * 4 * 27 + 64 * 5, 5)
    assert list(head(network)) == ["classifier"]
    assert all(p.device == torch.device("meta") for p in network.parameters())


def test_the_projections_of_attention_count_as_fully_connected() -> None:
    network = on_meta(lambda: nn.MultiheadAttention(8, 2))
    assert count(network).fully_connected == 4 * (8 * 8 + 8)
