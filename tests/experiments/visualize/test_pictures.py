import numpy as np
import pytest
import torch

from experiments.visualize import pictures


def test_the_total_variation_of_stripes_and_of_one_colour_is_known() -> None:
    stripes = np.zeros((1, 4, 6, 3), dtype=np.uint8)
    stripes[:, :, ::2] = 100
    across, down = 4 * 5, 3 * 6  # pairs of neighbours; only those beside each other differ
    flat = np.full((1, 4, 6, 3), 200, dtype=np.uint8)
    found = pictures.total_variation(np.concatenate([stripes, flat]))
    np.testing.assert_allclose(found, [100 * across / (across + down), 0], rtol=1e-6)


def test_distances_are_in_grey_levels_and_do_not_wrap_around() -> None:
    black, grey, white = (np.full((2, 2, 3), level, dtype=np.uint8) for level in (0, 100, 255))
    assert pictures.distance(black, white) == pictures.distance(white, black) == 255
    assert pictures.spread(np.stack([black, grey, white])) == pytest.approx((100 + 255 + 155) / 3)


def test_scores_are_those_of_the_network_in_batches_of_any_size(small) -> None:
    images = np.random.default_rng(0).integers(0, 256, (11, 32, 32, 3), dtype=np.uint8)
    with torch.no_grad():
        expected = small.logits(small.normalized(images)).numpy()
    np.testing.assert_allclose(pictures.logits(small, images), expected, atol=1e-5)
