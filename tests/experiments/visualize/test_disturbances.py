import numpy as np
import pytest
import torch

from experiments.visualize import disturbances, shares
from experiments.visualize.shares import Attacks


@pytest.fixture
def perturbation() -> torch.Tensor:
    return 3 * torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def test_lengths_are_those_of_numpy(perturbation) -> None:
    flat = perturbation.numpy().reshape(4, -1)
    l2, linf, rms = (values.numpy() for values in disturbances.lengths(perturbation))
    np.testing.assert_allclose(l2, np.linalg.norm(flat, axis=1), rtol=1e-5)
    np.testing.assert_allclose(linf, np.linalg.norm(flat, np.inf, axis=1))
    np.testing.assert_allclose(rms, flat.std(axis=1, mean=0.0), rtol=1e-5)


def test_noise_is_as_long_as_the_perturbation_and_points_elsewhere(perturbation) -> None:
    drawn = disturbances.noise(perturbation, seed=1)
    torch.testing.assert_close(disturbances.lengths(drawn)[0], disturbances.lengths(perturbation)[0])
    assert disturbances.cosines(drawn, perturbation).abs().max() < 0.3
    assert torch.equal(drawn, disturbances.noise(perturbation, seed=1))
    assert not torch.equal(drawn, disturbances.noise(perturbation, seed=2))


def test_shuffling_moves_whole_pixels_and_loses_none(perturbation) -> None:
    moved = disturbances.shuffled(perturbation, seed=1)
    assert not torch.equal(moved, perturbation)
    for before, after in zip(perturbation, moved, strict=True):
        pixels = [sorted(map(tuple, image.flatten(1).T.tolist())) for image in (before, after)]
        assert pixels[0] == pixels[1]


def test_cosines_are_one_for_the_same_and_minus_one_for_the_opposite(perturbation) -> None:
    torch.testing.assert_close(disturbances.cosines(perturbation, 2 * perturbation), torch.ones(4))
    torch.testing.assert_close(disturbances.cosines(perturbation, -perturbation), -torch.ones(4))


def test_jpeg_keeps_a_plain_picture_and_loses_more_of_noise_the_lower_its_quality() -> None:
    plain = np.full((1, 16, 16, 3), 128, dtype=np.uint8)
    np.testing.assert_array_equal(disturbances.jpeg(plain, 95), plain)
    noisy = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    losses = [np.abs(disturbances.jpeg(noisy, q).astype(float) - noisy).mean() for q in (95, 75, 30)]
    assert losses == sorted(losses) and losses[0] > 0


def test_attacks_on_one_picture_are_averaged_before_pictures_are_counted() -> None:
    attacks = Attacks(
        owner=np.array([0, 0, 0, 2]), target=np.array([5, 6, 7, 5]), named=np.array([1, 1, 1, 2])
    )
    kept = attacks.kept("rounded", np.array([5, 1, 9, 5]))
    assert kept.target_by_picture == pytest.approx([1 / 3, 1])
    assert kept.changed_by_picture == pytest.approx([2 / 3, 1])
    assert kept.target.value == pytest.approx(2 / 3) and kept.target.pictures == 2


def test_the_interval_of_a_share_holds_those_of_the_whole_numbers_beside_it() -> None:
    between = shares.share([1, 1, 0.5, 0])  # 2.5 of 4
    two, three = shares.share([1, 1, 0, 0]), shares.share([1, 1, 1, 0])
    assert (between.low, between.high) == (two.low, three.high)
    assert shares.share([1 / 3] * 3).low == shares.share([1, 0, 0]).low
