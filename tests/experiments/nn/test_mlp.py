from torch import nn

from experiments.nn.mlp import mlp


def test_the_published_network_has_its_layers_and_its_count_of_parameters() -> None:
    network = mlp(4096, 15)
    kinds = [nn.Linear, nn.ReLU, nn.Dropout, nn.Linear, nn.ReLU, nn.Dropout, nn.Linear]
    assert [type(layer) for layer in network] == kinds
    counts = [sum(p.numel() for p in layer.parameters()) for layer in network]
    assert [count for count in counts if count] == [4_195_328, 524_800, 7_695]
    assert sum(counts) == 4_727_823


def test_without_hidden_layers_it_is_the_linear_classifier() -> None:
    assert [type(layer) for layer in mlp(8, 3, hidden=())] == [nn.Linear]
