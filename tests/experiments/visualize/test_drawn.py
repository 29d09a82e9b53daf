"""What is told of a variant, against closed forms on pictures of one colour."""

from typing import Any

import numpy as np
import pytest

from experiments.visualize import drawn
from experiments.visualize.drawing import Track
from experiments.visualize.drawn import Drawn, Judged
from experiments.visualize.frozen import Frozen
from experiments.visualize.variants import Variant
from report import stage

SIDE = 32


@pytest.fixture
def networks(untrained, load) -> list[Frozen]:
    return [load(untrained(name)) for name in ("small/squeezenet", "small/vgg", "small/vit")]


def flat(level: int) -> np.ndarray:
    return np.full((SIDE, SIDE, 3), level, dtype=np.uint8)


def track(levels: dict[int, int], lengths: list[float]) -> Track:
    """Pictures of one grey level each."""
    return Track({t: flat(level) for t, level in levels.items()}, np.array(lengths, dtype=np.float32))


def judged(elsewhere: list[bool]) -> Judged:
    zeros = np.zeros(3)
    first = np.array([True, False, True])
    return Judged(np.array([0, 1, 2]), zeros, zeros, zeros, first, np.array(elsewhere), zeros)


def told(network: Frozen, tmp_path, reference: Any = (None, None), **settings: Any) -> Drawn:
    """Two seeds of two iterations: from black, and from grey 100."""
    variant = Variant(name="a", iterations=2, marks=(1,), seeds=(1, 2), **settings)
    tracks = [track({0: 0, 1: 0, 2: 255}, [3, 0]), track({0: 100, 1: 130, 2: 60}, [1, 2])]
    said = [judged([False, True, True]), judged([False, True, False])]
    outputs = stage.Outputs(tmp_path, tmp_path, lambda items, *_: iter(items))
    about = {"target": "cat", "start": "noise"}
    return drawn.describe(variant, about, tracks, said, reference, network, outputs)


def test_the_slope_is_told_by_its_mean_length_and_the_class_by_where_it_comes_first(
    networks, tmp_path
) -> None:
    found = told(networks[0], tmp_path)
    assert found.gradient == 1.5
    assert [mark.recognised for mark in found.marks] == [2, 0, 2]
    assert [mark.recognised_elsewhere for mark in found.marks] == [0, 2, 1]


def test_pictures_are_as_long_and_as_far_from_their_start_as_their_grey_levels_say(
    networks, tmp_path
) -> None:
    found = told(networks[0], tmp_path)
    mean, std = (float(value.mean()) for value in (networks[0].mean, networks[0].std))  # grey networks
    for mark, levels in zip(found.marks, ((0, 100), (0, 130), (255, 60)), strict=True):
        expected = [abs(level / 255 - mean) / std * np.sqrt(3 * SIDE**2) for level in levels]
        np.testing.assert_allclose(mark.length, expected, rtol=1e-5)
    assert [mark.moved for mark in found.marks] == [[0, 0], [0, 30], [255, 40]]
    assert [mark.spread for mark in found.marks] == [100, 130, 195]


def test_the_pull_of_a_penalty_is_the_length_of_its_gradient(networks, tmp_path) -> None:
    assert told(networks[0], tmp_path, l2=0.25).pull == 0.25  # of ‖x‖: a unit vector
    squared = told(networks[0], tmp_path, l2=0.25, penalty="squared")
    assert squared.pull == pytest.approx(2 * 0.25 * np.mean(squared.marks[-1].length))


def test_a_variant_lies_as_far_from_the_reference_as_their_pictures_and_only_where_both_have_one(
    networks, tmp_path
) -> None:
    reference = [track({0: 0, 2: 250}, [1]), track({0: 100, 2: 90}, [1])]
    assert [mark.distance for mark in told(networks[0], tmp_path, reference).marks] == [
        [0, 0],
        None,
        [5, 30],
    ]
    assert all(mark.distance is None for mark in told(networks[0], tmp_path).marks)


def test_elsewhere_a_class_comes_first_where_it_does_so_in_every_other_network(networks) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (12, SIDE, SIDE, 3), dtype=np.uint8)
    scores = [network.logits(network.normalized(images)).numpy() for network in networks]
    target = int(scores[1].argmax(axis=1)[0])
    found = drawn.judge(Track(dict(enumerate(images)), np.zeros(12)), range(12), target, networks)
    first = [one.argmax(axis=1) == target for one in scores]
    np.testing.assert_array_equal(found.recognised, first[0])
    np.testing.assert_array_equal(found.recognised_elsewhere, first[1] & first[2])
    shares = [np.exp(one) / np.exp(one).sum(axis=1, keepdims=True) for one in scores]
    np.testing.assert_allclose(found.elsewhere, (shares[1] + shares[2])[:, target] / 2, atol=1e-5)
