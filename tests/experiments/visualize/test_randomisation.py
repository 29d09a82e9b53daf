import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch import nn

from experiments.nn import backbones
from experiments.visualize import randomisation

RNG = np.random.default_rng(0)


def test_every_weight_belongs_to_one_part() -> None:
    for name in ("torchvision/squeezenet1_1", "timm/deit_tiny_patch16_224", "small/vgg", "small/vit"):
        with torch.device("meta"):
            network = backbones.find(name).build()
        weights = [weight for part in randomisation.parts(network) for weight in part]
        assert {id(weight) for weight in weights} == {id(weight) for weight in network.parameters()}
        assert len(weights) == len({id(weight) for weight in weights})


@pytest.mark.parametrize(
    ("count", "checks", "stops"), [(10, 4, [1, 4, 7, 10]), (3, 9, [1, 2, 3]), (1, 2, [1])]
)
def test_checks_start_with_the_last_part_and_end_with_all(count, checks, stops) -> None:
    assert randomisation.stops(count, checks) == stops


def test_the_cascade_shuffles_weights_from_the_last_part_on_and_leaves_the_network_alone() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 7)), nn.Linear(7, 8))
    before = [weight.clone() for weight in network.parameters()]
    changed = []
    for random in randomisation.cascade(network, [1, 3], seed=1):
        pairs = list(zip(before, random.parameters(), strict=True))
        changed.append([not torch.equal(*pair) for pair in pairs])
        for old, new in pairs:
            torch.testing.assert_close(old.flatten().sort().values, new.flatten().sort().values)
    assert changed == [[False] * 4 + [True] * 2, [True] * 6]
    assert all(torch.equal(*pair) for pair in zip(before, network.parameters(), strict=True))
    one, two, other = (next(randomisation.cascade(network, [3], seed=s)).state_dict() for s in (1, 1, 2))
    assert all(torch.equal(one[key], two[key]) for key in one)
    assert not all(torch.equal(one[key], other[key]) for key in one)


def test_rank_correlations_are_spearmans_with_ties() -> None:
    first, second = RNG.integers(0, 5, (2, 4, 6, 6)).astype(np.float32)
    oracle = [spearmanr(a.ravel(), b.ravel()).statistic for a, b in zip(first, second, strict=True)]  # type: ignore[attr-defined]
    np.testing.assert_allclose(randomisation.rank_correlations(first, second), oracle)
    matrix = np.array([[spearmanr(a.ravel(), b.ravel()).statistic for b in second] for a in first])  # type: ignore[attr-defined]
    others = [np.delete(row, place).mean() for place, row in enumerate(matrix)]
    np.testing.assert_allclose(randomisation.unrelated(first, second), others)


def test_a_map_without_order_is_like_nothing() -> None:
    maps = RNG.random((2, 5, 5)).astype(np.float32)
    flat = maps * np.array([0, 1], dtype=np.float32)[:, None, None]
    np.testing.assert_allclose(randomisation.rank_correlations(flat, maps), [0, 1])
    assert randomisation.grain(flat)[0] == 0


def test_grain_tells_a_slow_map_from_noise() -> None:
    slope = np.broadcast_to(np.arange(60.0), (60, 60))
    board = np.indices((60, 60)).sum(axis=0) % 2.0
    slow, noise, alternating = randomisation.grain(np.stack([slope, RNG.random((60, 60)), board]))
    assert slow < 0.01 and noise == pytest.approx(1, abs=0.05) and alternating == pytest.approx(2)
