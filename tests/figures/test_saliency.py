"""The figures of the saliency maps show the maps, groups and numbers they were given."""

import json
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex

from figures import saliency, style
from report.stage import Result

RNG = np.random.default_rng(0)
METHODS = ("gradient", "smooth_grad", "integrated", "grad_cam", "centre", "edges", "random")


def picture(index: int, consistent: bool) -> dict[str, Any]:
    return {
        "index": index, "true": "cat", "predicted": "cat" if index % 2 else "a very long name of a dog",
        "right": bool(index % 2), "consistent": consistent, "margin": 0.1 * index * (1 if consistent else -1),
    }  # fmt: skip


@pytest.fixture
def result(write_result) -> Result:
    similarity = [{"value": v, "low": v - 0.1, "high": v + 0.1} for v in (0.6, 0.2)]
    check = {"title": "Gradient", "parts": [1, 3], "similarity": similarity, "unrelated": {"value": 0.1}}
    metrics = {
        "title": "Net", "slug": "net", "layers": 3, "shares": [0, 0.5, 1],
        "pictures": [picture(index, consistent=index < 6) for index in range(8)],
        "methods": {name: {"title": saliency_title(name)} for name in METHODS},
        "checks": {"gradient": check},
    }  # fmt: skip
    images = RNG.integers(0, 256, (8, 16, 16, 3), dtype=np.uint8)
    result = write_result("visualize/saliency", metrics, images=images)
    for name in (*METHODS, "true"):
        np.save(result.directory / f"maps-{name}.npy", RNG.random((8, 16, 16)).astype(np.float16))
    for name in METHODS:
        for kind in ("insertion", "deletion"):
            np.save(result.directory / f"{kind}-{name}.npy", RNG.random((8, 3)))
    return result


def saliency_title(name: str) -> str:
    return name.replace("_", " ").title()


def test_every_figure_is_written_in_both_formats_with_the_same_bytes_every_time(result, draw):
    first, second = (draw(saliency, [result], name) for name in ("one", "two"))
    names = ["all-net", "consistent-net", "curves", "inconsistent-net", "methods-net", "randomisation"]
    assert sorted(first) == [f"{name}.{suffix}" for name in names for suffix in ("pdf", "svg")]
    assert first == second


def test_a_group_without_pictures_has_no_figure(result, drawn, draw):
    metrics = result.metrics
    metrics["pictures"] = [picture | {"consistent": False} for picture in metrics["pictures"]]
    (result.directory / "metrics.json").write_text(json.dumps(metrics))
    draw(saliency, [result])
    assert "consistent-net" not in drawn and "inconsistent-net" in drawn


def test_a_group_shows_its_first_five_with_their_classes_coloured_by_right_or_wrong(result, drawn, draw):
    draw(saliency, [result])
    (axes,) = drawn["consistent-net"].axes
    words = [(text.get_text().strip(), to_hex(text.get_color()).upper()) for text in axes.texts]
    told = [word for word in words if word[0].startswith("→")]
    wrong = ("→ a very long name …", style.VERMILION)
    assert told == [wrong, ("→ cat", style.BLUE), wrong, ("→ cat", style.BLUE), wrong]
    (few,) = drawn["inconsistent-net"].axes
    assert sum(text.get_text().startswith("→") for text in few.texts) == 2
    shapes = [image.get_images()[0].get_array().shape for image in (axes, few)]
    assert shapes[0] == shapes[1]  # two pictures are no larger than five


def test_the_sheet_of_all_has_every_picture_and_ticks_the_consistent_ones(result, drawn, draw):
    draw(saliency, [result])
    ticks = ["✓" in [text.get_text() for text in axes.texts] for axes in drawn["all-net"].axes]
    assert ticks == [True] * 6 + [False] * 2


def test_tiles_lie_in_their_places_in_few_colours():
    tiles = [[np.full((20, 20, 3), value, dtype=np.uint8) for value in row] for row in ((0, 50), (100,))]
    pixels = saliency.sheet(tiles, 3)
    step = 20 + saliency.GAP
    assert pixels.shape == (step + 20, 2 * step + 20, 3)
    for row, column, value in ((0, 0, 0), (0, 1, 50), (1, 0, 100)):
        assert np.all(pixels[row * step : row * step + 20, column * step : column * step + 20] == value)
    assert np.all(pixels[:, 2 * step :] == 255)
    noise = [[RNG.integers(0, 256, (60, 60, 3), dtype=np.uint8)]]
    assert len(np.unique(saliency.sheet(noise, 1).reshape(-1, 3), axis=0)) <= saliency.COLOURS


def test_a_map_of_zeros_is_black_and_the_largest_values_are_brightest():
    zeros = saliency.heat(np.zeros((8, 8), dtype=np.float16), 16)
    assert np.all(zeros == zeros[0, 0]) and zeros.max() < 10
    slope = np.linspace(0, 1, 64, dtype=np.float16).reshape(8, 8)
    tile = saliency.heat(slope, 8).astype(int).sum(axis=-1).ravel()
    assert tile[0] == zeros[0, 0].sum() and np.all(np.diff(tile) >= 0)
    sparse = np.zeros((20, 20), dtype=np.float16)
    sparse[0, 0] = 1  # the percentile is 0: the one value must be seen all the same
    assert saliency.heat(sparse, 20)[0, 0].sum() > 3 * 100


def test_curves_are_the_means_over_the_pictures(result, drawn, draw):
    draw(saliency, [result])
    insertion, deletion = drawn["curves"].axes[:2]
    for axes, kind in ((insertion, "insertion"), (deletion, "deletion")):
        for line, name in zip(axes.lines, METHODS, strict=True):
            expected = np.load(result.directory / f"{kind}-{name}.npy").mean(axis=0)
            np.testing.assert_allclose(np.asarray(line.get_ydata(), dtype=float), expected)


def test_the_curves_legend_keeps_the_tables_order_where_the_first_network_lacks_a_map(
    result, drawn, draw, tmp_path
):
    metrics = result.metrics
    first = metrics | {"methods": {k: v for k, v in metrics["methods"].items() if k != "grad_cam"}}
    other = tmp_path / "first"
    other.mkdir()
    for path in result.directory.glob("*.npy"):
        (other / path.name).write_bytes(path.read_bytes())
    (other / "metrics.json").write_text(json.dumps(first))
    draw(saliency, [Result("visualize/saliency", {}, other), result])
    (legend,) = drawn["curves"].legends
    assert [text.get_text() for text in legend.get_texts()] == [saliency_title(name) for name in METHODS]


def test_similarity_starts_at_one_and_the_edge_detector_stays_there(result, drawn, draw):
    draw(saliency, [result])
    curve, level, edges = drawn["randomisation"].axes[0].lines
    np.testing.assert_allclose(np.asarray(curve.get_xydata()), [[0, 1], [1, 0.6], [3, 0.2]])
    assert set(np.asarray(level.get_ydata())) == {0.1} and set(np.asarray(edges.get_ydata())) == {1}
