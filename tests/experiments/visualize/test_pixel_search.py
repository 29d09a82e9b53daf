import numpy as np
import pytest

from experiments.visualize import pixel_search
from report.errors import ColophonError

GREY = np.full((12, 10, 3), 100, dtype=np.uint8)


def towards(row: int, column: int):
    """A margin that falls the nearer a red pixel lies to a place, below zero at that place alone."""

    def margins(images: np.ndarray) -> np.ndarray:
        changed = (images != GREY).any(axis=3)
        found = []
        for image, where in zip(images, changed, strict=True):
            places = np.argwhere(where)
            if not len(places):
                found.append(30.0)
                continue
            y, x = places[0]
            found.append(abs(y - row) + abs(x - column) - image[y, x, 0] / 256)
        return np.array(found)

    return margins


def test_evolution_finds_a_place_that_random_pixels_miss_and_stops_there() -> None:
    found = pixel_search.evolve(towards(3, 7), GREY, population=30, generations=200, seed=0)
    assert tuple(found.pixel[:2]) == (3, 7) and found.margin < 0 < found.first
    assert found.queries % 30 == 0 and found.queries < 30 * 201
    assert towards(3, 7)(pixel_search.with_pixel(GREY, found.pixel)[None])[0] == found.margin


def test_the_same_seed_finds_the_same_pixel() -> None:
    runs = [pixel_search.evolve(towards(0, 0), GREY, 6, 3, seed) for seed in (4, 4, 5)]
    assert np.array_equal(runs[0].pixel, runs[1].pixel) and not np.array_equal(runs[0].pixel, runs[2].pixel)


def test_what_cannot_be_fooled_costs_every_generation() -> None:
    found = pixel_search.evolve(lambda images: np.arange(1.0, 1 + len(images)), GREY, 8, 4, seed=0)
    assert found.queries == 8 * 5 and found.margin == 1


def test_one_pixel_is_changed_and_no_other() -> None:
    changed = pixel_search.with_pixel(GREY, np.array([2, 5, 255, 0, 7]))
    assert changed[2, 5].tolist() == [255, 0, 7]
    assert (changed != GREY).any(axis=2).sum() == 1 and (GREY == 100).all()


def test_the_margin_is_below_zero_exactly_where_another_class_is_more_probable() -> None:
    probabilities = np.array([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5], [0.1, 0.7, 0.2]])
    np.testing.assert_allclose(pixel_search.margins(probabilities, 1), [-0.2, -0.2, 0.5])


@pytest.mark.parametrize(("population", "generations"), [(4, 1), (5, 0)])
def test_evolutions_without_parents_or_generations_are_refused(population, generations) -> None:
    with pytest.raises(ColophonError, match=f"{population} pixels over {generations} generations"):
        pixel_search.evolve(towards(0, 0), GREY, population, generations, seed=0)
