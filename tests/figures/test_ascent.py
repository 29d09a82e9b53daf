"""The figures of class visualisation show the pictures and numbers that they were given."""

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from figures import ascent, ascent_frames
from report.stage import Result

RNG = np.random.default_rng(0)


def variant(name: str, marks: tuple[int, ...], **settings: Any) -> dict[str, Any]:
    given = {
        "target": "cat", "start": "noise", "learning_rate": 5.0, "l2": 0.00001, "penalty": "norm",
        "step": "plain", "blur_every": 10, "seeds": 2, "marks": [{"iteration": t} for t in marks],
        "pictures": f"pictures-{name}", "trace": f"trace-{name}", "frames": None,
    }  # fmt: skip
    return given | settings


@pytest.fixture
def result(write_result) -> Result:
    variants = {
        "baseline": variant("baseline", (0, 20, 200)),
        "blur-none": variant("blur-none", (0, 200), blur_every=None, l2=0),
        "long": variant("long", (0, 4), frames="frames-long"),  # a short run: marks beyond 4 fell away
    }
    metrics = {"title": "Net & <b>", "others": ["Other"], "slug": "net", "variants": variants}
    result = write_result(ascent.STAGE, metrics)
    folder = result.directory
    for name, drawn in variants.items():
        shape = (2, len(drawn["marks"]), 8, 8, 3)
        np.save(folder / f"pictures-{name}.npy", RNG.integers(0, 256, shape, dtype=np.uint8))
        trace = RNG.random((2, 4, 5)).astype(np.float32)
        trace[:, :, 0] = [0, 1, 5, 200]
        np.save(folder / f"trace-{name}.npy", trace)
    np.save(folder / "frames-long.npy", RNG.integers(0, 256, (3, 8, 8, 3), dtype=np.uint8))
    return result


def test_panels_with_two_tiles_and_more_are_drawn_with_the_same_bytes_every_time(result, draw) -> None:
    written = [draw(ascent, [result], name) for name in ("one", "two")]
    names = ["blur-net", "curves-net", "seeds-net"]
    assert sorted(written[0]) == [f"{name}.{suffix}" for name in names for suffix in ("pdf", "svg")]
    assert written[0] == written[1]


def test_tiles_are_those_of_the_marks_and_of_what_was_run(result) -> None:
    row = [
        ("baseline", 1, "{after}: {l2}, {rate}"),
        ("nosuch", ascent.END, "not run"),
        ("blur-none", ascent.END, "every {every}, {l2}"),
        ("long", 1, "{target} after {after}"),
        ("long", 2, "the same again"),
    ]
    found = ascent.pictures_of(result, row)
    assert [title for _, title in found] == ["20: $10^{-5}$, 5", "every None, 0", "cat after 4"]
    np.testing.assert_array_equal(found[0][0], result.array("pictures-baseline")[0, 1])
    np.testing.assert_array_equal(found[1][0], result.array("pictures-blur-none")[0, 1])


def several(write_result, name: str, title: str, left_out: str = "") -> Result:
    """A network that ran the variants of `networks`, but for one."""
    names = {"wombat": "wombat", "grid": "tarantula", "on": "snail"}
    variants = {}
    for variant_name, _, _ in ascent.NETWORKS:
        target = names.get(variant_name.split("-")[0], "bee eater")
        if variant_name != left_out:
            variants[variant_name] = variant(variant_name, (0, 200), target=target, start="hay")
    pixels = np.zeros((1, 2, 8, 8, 3), dtype=np.uint8)
    arrays = {f"pictures_{name.replace('-', '_')}": pixels for name in variants}
    return write_result(name, {"title": title, "variants": variants}, **arrays)


def test_networks_have_a_row_each_under_titles_that_are_there_once(write_result, drawn, outputs) -> None:
    results = [
        several(write_result, "one", "SqueezeNet (small)"),
        several(write_result, "two", "DeiT-Tiny", left_out="free"),
    ]
    ascent.draw_networks(results, outputs("out"))
    figure = drawn["networks"]
    FigureCanvasAgg(figure).draw()
    titled = [axes for axes in figure.axes if axes.get_title()]
    assert len(titled) == len(ascent.NETWORKS)
    for axes in titled:
        assert axes.title.get_window_extent().width < 1.04 * axes.get_window_extent().width, axes.title
    assert sum(bool(axes.images) for axes in figure.axes) == 2 * len(ascent.NETWORKS) - 1
    labels = [text for axes in figure.axes for text in axes.texts]
    assert [text.get_text() for text in labels] == ["SqueezeNet\n(small)", "DeiT-Tiny"] * 2
    ends = [text.get_window_extent() for text in labels]
    assert all(lower.y1 < upper.y0 for upper, lower in pairwise(ends))


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (1.0, "1"), (0.001, "0.001"), (1e-5, "$10^{-5}$"), (2.5e-5, r"$2.5 \cdot 10^{-5}$")],
)
def test_small_weights_are_powers_of_ten(number, text) -> None:
    assert ascent.power(number) == text


def test_curves_are_the_means_over_the_seeds(result, drawn, outputs) -> None:
    ascent.draw_curves(result, outputs("out"))
    trace = np.asarray(result.array("trace-baseline"))
    for axes, (column, label, _) in zip(drawn["curves-net"].axes, ascent.MEASURES, strict=True):
        assert axes.get_ylabel() == label.format(own="Net & <b>", others="Other")
        line = axes.lines[0]
        np.testing.assert_array_equal(line.get_xdata(), [0, 1, 5, 200])
        np.testing.assert_allclose(line.get_ydata(), trace[:, :, column].mean(axis=0))


def test_an_animation_holds_the_frames_of_the_first_seed(result, inputs, outputs, tmp_path) -> None:
    ascent_frames.animate(ascent_frames.Settings(frames=3, side=16), inputs(result), outputs("a"))
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [
        "long-net", "long-net-poster.png", "long-net.gif", "long-net.mp4",
    ]  # fmt: skip
    assert json.loads((tmp_path / "a/long-net/animation.json").read_text())["kept"] == [0, 1, 2]
