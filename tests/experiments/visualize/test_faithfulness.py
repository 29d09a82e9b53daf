from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from experiments.visualize import faithfulness
from experiments.visualize.faithfulness import Curves
from report.errors import ColophonError

SIDE, CELL = 8, 2


def seed(number: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def test_cells_come_in_the_order_of_their_mean_saliency() -> None:
    maps = torch.rand(2, SIDE, SIDE, generator=seed())
    shares = faithfulness.places(maps, CELL, seed())
    means = maps.reshape(2, 4, CELL, 4, CELL).mean(dim=(2, 4))
    for share, mean in zip(shares, means, strict=True):
        cells = share[::CELL, ::CELL]
        assert torch.equal(share, torch.kron(cells, torch.ones(CELL, CELL)))
        order = cells.flatten().argsort()
        assert mean.flatten()[order].diff().le(0).all()
        torch.testing.assert_close(cells.flatten().sort().values, torch.arange(16) / 16)


def test_equal_cells_come_in_random_order_after_greater_ones() -> None:
    maps = torch.zeros(200, SIDE, SIDE)
    maps[:, :CELL, :CELL] = 1
    shares = faithfulness.places(maps, CELL, seed())[:, ::CELL, ::CELL].flatten(1)
    assert not shares[:, 0].any()
    middle = 8 / 16  # the mean of 1/16 to 15/16; the mean of 200 of them is off by 0.02 at one deviation
    assert (shares[:, 1:].mean(dim=0) - middle).abs().max() < 0.08
    again = faithfulness.places(maps, CELL, seed())[:, ::CELL, ::CELL].flatten(1)
    assert torch.equal(shares, again)


def test_cells_that_do_not_fill_the_picture_are_refused() -> None:
    with pytest.raises(ColophonError, match="cells of 3 pixels do not fill a picture of 8"):
        faithfulness.places(torch.zeros(1, SIDE, SIDE), 3, seed())


def test_the_first_share_of_cells_is_replaced_and_no_other() -> None:
    images, canvas = torch.ones(1, 3, SIDE, SIDE), torch.zeros(1, 3, SIDE, SIDE)
    order = faithfulness.places(torch.rand(1, SIDE, SIDE, generator=seed()), CELL, seed())
    mixed = faithfulness.replaced(images, canvas, order, 0.25)
    assert torch.equal(mixed[:, 0] == 0, order < 0.25) and (mixed == 0).float().mean() == 0.25
    assert torch.equal(faithfulness.replaced(images, canvas, order, 0), images)
    assert torch.equal(faithfulness.replaced(images, canvas, order, 1), canvas)


def test_blurring_keeps_the_mean_and_the_channels_apart() -> None:
    image = np.zeros((1, 40, 40, 3), dtype=np.uint8)
    image[0, 20, 20] = (250, 0, 0)
    soft = faithfulness.blurred(image, 0.05)[0].astype(int)
    assert not soft[..., 1:].any() and 0 < soft[20, 20, 0] < 20
    even = np.full((1, 40, 40, 3), 7, dtype=np.uint8)
    np.testing.assert_array_equal(faithfulness.blurred(even, 0.2), even)


@pytest.fixture
def scene() -> Any:
    """A network whose second class asks for brightness in the picture's left upper cell alone."""

    def logits(images: torch.Tensor) -> torch.Tensor:
        bright = images[:, :, :CELL, :CELL].mean(dim=(1, 2, 3))
        return torch.stack([torch.zeros_like(bright), bright], dim=1)

    pictures = np.zeros((2, SIDE, SIDE, 3), dtype=np.uint8)
    pictures[:, :CELL, :CELL] = 200
    frozen = SimpleNamespace(
        logits=logits, normalized=lambda p: torch.from_numpy(p).permute(0, 3, 1, 2) / 50.0
    )
    return SimpleNamespace(
        frozen=frozen,
        quick_logits=logits,
        subjects=SimpleNamespace(images=pictures),
        images=frozen.normalized(pictures),
        predicted=torch.tensor([1, 1]),
        batches=lambda: [slice(0, 1), slice(1, 2)],
    )


def test_curves_change_where_the_cell_that_matters_goes(scene) -> None:
    right, wrong = np.zeros((2, SIDE, SIDE), dtype=np.float32), np.ones((2, SIDE, SIDE), dtype=np.float32)
    right[:, :CELL, :CELL], wrong[:, :CELL, :CELL] = 1, 0
    curves = Curves(scene, (1 / 16, 0.5, 15 / 16), CELL, 0.5, 1)
    assert curves.shares == [0, 1 / 16, 0.5, 15 / 16, 1]
    whole, none = 1 / (1 + np.exp(-4.0)), 0.5
    blurred = float(curves.blurred_only[0])
    assert none < blurred < whole
    inserted, deleted = curves.both(right)
    np.testing.assert_allclose(inserted, [[blurred, whole, whole, whole, whole]] * 2, rtol=1e-6)
    np.testing.assert_allclose(deleted, [[whole, none, none, none, none]] * 2, rtol=1e-6)
    inserted, deleted = curves.both(wrong)
    np.testing.assert_allclose(inserted, [[blurred, blurred, blurred, blurred, whole]] * 2, rtol=1e-6)
    np.testing.assert_allclose(deleted, [[whole, whole, whole, whole, none]] * 2, rtol=1e-6)
    np.testing.assert_allclose(curves.without(right, 0.5, least=True), [whole] * 2, rtol=1e-6)
    np.testing.assert_allclose(curves.without(wrong, 1 / 16, least=True), [none] * 2, rtol=1e-6)
    np.testing.assert_allclose(curves.without(right, 1 / 16), [none] * 2, rtol=1e-6)


def test_random_orders_pass_as_often_as_the_cell_that_matters_comes_in_time(scene) -> None:
    """At half of the cells it is among the first half, and the difference positive, in half of the orders."""
    curves = Curves(scene, (0.5,), CELL, 0.5, 1)
    known = np.array([-1.0, 1.0])
    found = curves.chance(200, np.array([0.0, 0.0]), known)
    assert np.all(np.abs(found - 0.5) < 0.12)  # three and a half deviations
    assert curves.chance(200, np.array([1.0, -1.0]), known).tolist() == [0, 1]
    assert curves.chance(1, np.array([0.0, 0.0]), known).tolist() == [0, 1]
    np.testing.assert_array_equal(found, curves.chance(200, np.array([0.0, 0.0]), known))
