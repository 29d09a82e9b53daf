"""The figures of the adversarial examples show the numbers they were given."""

from typing import Any

import numpy as np
import pytest
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from figures import adversarial
from report.stage import Result

RNG = np.random.default_rng(0)
SIDE = 8


def share(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.1, "high": value + 0.1}


def stop(shares: list[float]) -> dict[str, Any]:
    ways = zip(adversarial.WAYS, shares, strict=True)
    return {"treatments": [{"title": w, "target": share(x), "changed": share(x)} for w, x in ways]}


def pixels() -> np.ndarray:
    return RNG.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)


@pytest.fixture
def results(write_result) -> list[Result]:
    reading = {"named": "cat & <b>", "probability": 0.9, "original": 0.9, "target": 0.05}
    lost = {"named": "emu", "probability": 0.61, "original": 0.03, "target": 0.2}
    example = {
        "magnification": 10, "before": reading, "after": lost, "target": "dog", "reached": True,
        "iterations": 2,
    }  # fmt: skip
    about = {"title": "Net", "slug": "net", "image_size": SIDE}
    fooled = about | {
        "example": example, "boundary": stop([1, 0.6, 0.2, 0.1]), "further": stop([1, 1, 0.7, 0.3]),
        "untouched": [{"title": f"JPEG {q}", "changed": share(x)} for q, x in ((95, 0.05), (75, 0.15))],
    }  # fmt: skip
    row = {"fgsm": {"accuracy": share(0.5)}, "pgd": {"accuracy": share(0.2)}}
    within = about | {
        "clean": {"accuracy": share(0.8)}, "budgets": [row | {"budget": 0.5}, row | {"budget": 1.0}],
    }  # fmt: skip
    attempt = {
        "true": "cat", "named": "emu", "fooled": True, "before": 0.9, "after": 0.1, "row": 6, "column": 3,
    }  # fmt: skip
    pixel = about | {"attempts": [attempt], "shown": 0}
    return [
        write_result(
            "visualize/adversarial",
            fooled,
            example_original=pixels(),
            example_fooled=pixels(),
            example_difference=RNG.normal(size=(SIDE, SIDE, 3)),
            example_trace=np.array([[0.9, 0.05], [0.5, 0.3], [0.2, 0.7], [0.1, 0.8]]),
        ),
        write_result("visualize/budgets", within),
        write_result("visualize/one_pixel", pixel, original=pixels(), fooled=pixels()),
    ]


@pytest.fixture
def shown(results, drawn, draw) -> dict[str, Figure]:
    draw(adversarial, results)
    return drawn


def test_every_figure_is_written_in_both_formats_with_the_same_bytes_every_time(results, draw) -> None:
    written = [draw(adversarial, results, name) for name in ("one", "two")]
    names = ["budgets", "example-net", "one-pixel", "survival"]
    assert sorted(written[0]) == [f"{name}.{suffix}" for name in names for suffix in ("pdf", "svg")]
    assert written[0] == written[1]


def test_a_difference_is_grey_where_there_is_none_and_is_clipped_where_it_is_large() -> None:
    difference = np.array([0, 5, -5, 100, -100, 25.6])
    assert adversarial.as_picture(difference, 1).tolist() == [128, 132, 122, 228, 28, 153]
    assert adversarial.as_picture(difference, 10).tolist() == [128, 178, 78, 255, 0, 255]


def test_the_panels_are_the_arrays_and_the_curves_the_trace(shown, results) -> None:
    *panels, curves = shown["example-net"].axes
    times = adversarial.TILE // SIDE
    arrays = [np.asarray(results[0].array(f"example-{name}")) for name in ("original", "fooled")]
    difference = np.asarray(results[0].array("example-difference"))
    arrays += [adversarial.as_picture(difference, factor) for factor in (1, 10)]
    for axes, array in zip(panels, arrays, strict=True):
        pixels = np.asarray(axes.images[0].get_array())
        np.testing.assert_array_equal(pixels[::times, ::times], array)
    titles = [axes.get_title() for axes in panels]
    assert titles[:2] == ["original\ncat & <b>, 90.0 %", "fooled\nemu, 61.0 %"]
    trace = results[0].array("example-trace")
    for line, column in zip(curves.lines[:2], trace.T, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), column)
    assert curves.lines[2].get_xdata()[0] == 2


def test_what_survives_and_what_is_left_of_a_budget_stand_at_their_values(shown) -> None:
    ends = [values_of(axes) for axes in shown["survival"].axes]
    attacks = [[1, 0.6, 0.2, 0.1], [1, 1, 0.7, 0.3]]
    assert ends == [attacks, [*attacks, [0.05, 0.15]]]
    control = [c for c in shown["survival"].axes[1].containers if isinstance(c, ErrorbarContainer)][-1]
    assert np.asarray(control.lines[0].get_xdata()).tolist() == [2, 3]  # beneath the two JPEGs
    (panel,) = shown["budgets"].axes
    assert values_of(panel) == [[0.5, 0.5], [0.2, 0.2]]
    assert panel.lines[-1].get_ydata()[0] == 0.8


def values_of(axes: Any) -> list[list[float]]:
    bars = (c for c in axes.containers if isinstance(c, ErrorbarContainer))
    return [np.asarray(bar.lines[0].get_ydata()).tolist() for bar in bars]


def test_the_ring_lies_around_the_pixel(shown) -> None:
    right = shown["one-pixel"].axes[1]
    (ring,) = (patch for patch in right.patches if isinstance(patch, Circle))
    times = adversarial.TILE // SIDE
    assert ring.center == (3.5 * times, 6.5 * times)
    assert right.get_title() == "named emu\ncat, 10.0 %"
