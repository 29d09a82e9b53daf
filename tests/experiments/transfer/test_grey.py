import numpy as np
import pytest
import torch
from torch import nn

from experiments.nn import backbones
from experiments.nn.counting import on_meta, one_image
from experiments.transfer import grey

LETTERS = {"photos_from": "letters", "labelled_from": "letters", "labelled": 30, "compared": 4}


@pytest.mark.parametrize("name", ["small/vgg", "small/squeezenet", "small/vit"])
def test_summed_weights_are_the_same_function_up_to_rounding(run_stage, untrained, name: str) -> None:
    metrics, _ = run_stage(grey, [untrained(name)], backbones=(name,), **LETTERS)
    (row,) = metrics.networks
    for found in (row.first_layer, row.logits):
        assert found.float64.relative < 1e-12
        assert found.float64.relative < found.float32.relative < 1e-4
    assert metrics.largest_float32 == row.logits.float32.relative
    assert row.averaged_ratio == pytest.approx(1 / 3)
    assert (row.padding, row.border > 0.01) == (1, True)


def test_without_padding_the_folded_bias_is_one_number(run_stage, with_random_weights) -> None:
    metrics, result = run_stage(
        grey, data=with_random_weights, backbones=("torchvision/squeezenet1_1",), compared=2
    )
    (row,) = metrics.networks
    assert row.padding == 0 and row.border_relative < 1e-5
    assert row.logits.float64.relative < 1e-12
    for way in (row.colour, row.grey, row.averaged):
        assert way.accuracy.correct == result.array(way.correct).sum()
    assert row.lost_to_grey == pytest.approx(100 * (row.colour.accuracy.value - row.grey.accuracy.value))


def test_letters_are_grey_already(run_stage, untrained) -> None:
    _, result = run_stage(grey, [untrained("small/vgg")], backbones=("small/vgg",), **LETTERS)
    np.testing.assert_array_equal(
        result.array("correct-grey-vgg-small"), result.array("correct-colour-vgg-small")
    )


@pytest.mark.parametrize("name", ["small/vgg", "small/vit"])
def test_the_operations_of_the_first_layer_are_those_that_torch_counts(run_stage, untrained, name) -> None:
    metrics, _ = run_stage(grey, [untrained(name)], backbones=(name,), **LETTERS)
    (row,) = metrics.networks
    network = on_meta(backbones.find(name).build)
    alone = nn.Sequential(network.get_submodule(row.layer), nn.Flatten())
    operations, _ = one_image(alone, row.image_size)
    assert (row.multiply_adds, row.multiply_adds_grey) == (operations, operations // 3)
    assert row.saved == row.multiply_adds - row.multiply_adds_grey
    total, _ = one_image(network, row.image_size)
    assert row.saved_of_network == pytest.approx(row.saved / total)


def test_a_difference_is_of_the_largest_value() -> None:
    found = grey.difference(torch.tensor([1.0, -4.0]), torch.tensor([1.5, -4.0]))
    assert (found.absolute, found.relative) == (0.5, 0.125)
