"""The homework's figures show what the practicals ask for, of those trainings that a profile has."""

from typing import Any

import numpy as np
import pytest

from figures import homework
from figures.ascent import STAGE
from report.stage import Result

RNG = np.random.default_rng(0)


def tuned(layer: str, backbone: str = "net") -> dict[str, Any]:
    points = [
        {
            "c": c,
            "cross_validation": {"value": 0.5 + c / 100, "standard_deviation": 0.02},
            "test": {"value": 0.4 + c / 100, "low": 0.35, "high": 0.55},
        }
        for c in (0.1, 1, 10)
    ]
    chosen = {"points": points, "c": 10, "cross_validation": {"value": 0.6}}
    return {"backbone": backbone, "title": backbone.title(), "layer": layer, "normalized": chosen}


def test_the_layer_of_the_practical_is_the_last_before_the_scores_of_the_first_network(
    drawn, outputs
) -> None:
    rows = [tuned("relu6"), tuned("relu7"), tuned("fc8"), tuned("class token", "vit")]
    homework.draw_c({"rows": rows}, outputs("out"))
    left, right = drawn["c"].axes
    assert left.get_title() == "Net, relu7"
    np.testing.assert_allclose(left.lines[0].get_ydata(), [0.501, 0.51, 0.6])
    np.testing.assert_allclose(left.lines[1].get_ydata(), [0.401, 0.41, 0.5])
    assert [line.get_label() for line in right.lines] == [
        "Net, relu6", "Net, relu7", "Net, fc8", "Vit, class token",
    ]  # fmt: skip
    assert homework.practical_layer(rows[3:])["layer"] == "class token"


def network(write_result, title: str, names: tuple[str, ...]) -> Result:
    variants = {
        name: {
            "target": "snail", "start": "hay", "learning_rate": 5.0, "l2": 0.001, "blur_every": 10,
            "marks": [{"iteration": 0}, {"iteration": 200}], "pictures": f"pictures-{name}",
        }
        for name in names
    }  # fmt: skip
    arrays = {
        f"pictures_{name.replace('-', '_')}": RNG.integers(0, 256, (1, 2, 8, 8, 3), dtype=np.uint8)
        for name in names
    }
    return write_result(f"{STAGE}/{title}", {"title": title, "variants": variants}, **arrays)


def test_every_network_that_drew_them_has_its_picture_from_noise_and_from_a_picture(
    write_result, drawn, outputs
) -> None:
    networks = [
        network(write_result, "One", ("grid-5-weak", "on-ground", "drawn")),
        network(write_result, "Two", ("grid-5-weak", "on-ground")),
        network(write_result, "Three", ()),
    ]
    homework.draw_noise(networks, outputs("out"))
    homework.draw_photo(networks, outputs("out"))
    titles = {name: [axes.get_title() for axes in figure.axes] for name, figure in drawn.items()}
    assert titles == {
        "noise": ["One", "Two"],
        "photo": ["start: hay", "snail,\nOne", "snail,\nTwo", "snail from noise,\nOne"],
    }


def trained(write_result, slug: str) -> Result:
    metrics = {"slug": slug, "title": slug, "runs": [{"seed": 1}, {"seed": 2}], "iterations": 30}
    losses = {f"losses_{seed}": RNG.random((30, 4)) + 0.1 for seed in (1, 2)}
    samples = RNG.integers(0, 256, (2, 40, 8, 8), dtype=np.uint8)
    return write_result(f"generate/dcgan/{slug}", metrics, samples=samples, **losses)


@pytest.mark.parametrize(
    ("ran", "shown"),
    [
        (
            ["default", "long", "rates-low", "beta-low", "beta-high", "beta-higher"],
            ["default", "rates-low", "beta-low", "beta-high", "beta-higher"],
        ),
        (["default", "noise-small"], ["default", "noise-small"]),
    ],
    ids=["the optimiser's variants", "none of them"],
)
def test_the_trainings_are_the_optimisers_variants_or_else_all(
    ran, shown, write_result, drawn, outputs
) -> None:
    homework.draw_trainings([trained(write_result, slug) for slug in ran], outputs("out"))
    axes = drawn["trainings"].axes
    assert [one.get_title() for one in axes if one.get_title()] == shown
    assert sum(len(one.lines) == 4 for one in axes) == len(shown)  # two losses of two seeds
