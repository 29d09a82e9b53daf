"""The figures of the photos show the numbers they were given."""

import json
from typing import Any

import numpy as np
import pytest
from matplotlib.container import ErrorbarContainer
from matplotlib.patches import Rectangle

from figures import photos, style
from report.stage import Result

RNG = np.random.default_rng(0)
TOP = [("cat", 0.7), ("dog & <b>", 0.2), ("emu", 0.05), ("fly", 0.0001), ("gnu", 0.0)]


def answer(title: str, true: str | None) -> dict[str, Any]:
    return {"title": title, "true": true, "top": [{"name": n, "probability": p} for n, p in TOP]}


@pytest.fixture
def said(write_result) -> Result:
    network = {
        "title": "Net", "slug": "net", "image_size": 8, "images": "images-net",
        "reliability": "reliability-net", "answers": [answer("cat", "cat"), answer("friend", None)],
    }  # fmt: skip
    return write_result(
        "transfer/predictions",
        {"networks": [network]},
        images_net=RNG.integers(0, 256, (2, 8, 8, 3), dtype=np.uint8),
        reliability_net=np.array([[3, 0, 5], [0.2, 0, 0.9], [0.1, 0, 1.0]]),
        photo_0=RNG.integers(0, 256, (200, 300, 3), dtype=np.uint8),
        photo_1=RNG.integers(0, 256, (20, 10, 3), dtype=np.uint8),
    )


def stability() -> dict[str, Any]:
    low_high = {"value": 0.9, "low": 0.8, "high": 0.95}
    untrained = {"correlation": low_high, "variation": low_high}
    return {
        "correlation": 0.7, "variation": 0.3, "most_stable": 1, "least_stable": 4,
        "random": untrained, "shuffled": untrained,
    }  # fmt: skip


@pytest.fixture
def seen(write_result) -> Result:
    network = {
        "title": "Net", "slug": "net", "maps": "maps-net", "kernels": "kernels-net", "limit": 2.0,
        "many": stability(),
    }  # fmt: skip
    return write_result(
        "transfer/activation_maps",
        {"networks": [network], "photos": [{"title": "cat_1"}, {"title": "friend"}]},
        maps_net=RNG.normal(size=(2, 5, 60, 60)).astype(np.float16),
        kernels_net=RNG.normal(size=(5, 3, 3, 3)).astype(np.float32),
    )


def test_every_figure_is_written_in_both_formats_with_the_same_bytes_every_time(said, seen, draw):
    first, second = (draw(photos, [said, seen], name) for name in ("one", "two"))
    names = ["calibration", "filters-net", "maps-net-0", "maps-net-1", "predictions-net", "stability"]
    assert sorted(first) == [f"{name}.{suffix}" for name in names for suffix in ("pdf", "svg")]
    assert first == second


def test_without_a_convolutional_network_only_the_predictions_are_drawn(said, seen, draw):
    metrics = seen.metrics | {"networks": []}
    (seen.directory / "metrics.json").write_text(json.dumps(metrics))
    assert {name.split(".")[0] for name in draw(photos, [said, seen])} == {
        "calibration",
        "predictions-net",
    }


def test_bars_are_the_probabilities_and_the_true_class_alone_is_marked():
    axes = style.figure(3, 1).subplots()
    photos.draw_answer(axes, answer("cat", "cat"))
    widths = [bar.get_width() for bar in axes.patches if isinstance(bar, Rectangle)]
    np.testing.assert_allclose(widths, [p for _, p in TOP])
    texts = [text.get_text() for text in axes.texts]
    assert texts == ["cat  70.0 %  ✓", "dog & <b>  20.0 %", "emu  5.0 %", "fly  < 0.1 %", "gnu  < 0.1 %"]


@pytest.mark.parametrize(
    ("title", "true", "words"),
    [("owl", "owl", "true class: owl"), ("friend", None, "friend: no true class given")],
)
def test_a_class_that_is_not_among_the_five_is_told(title, true, words):
    axes = style.figure(3, 1).subplots()
    photos.draw_answer(axes, answer(title, true))
    assert axes.texts[-1].get_text() == words
    assert not any("✓" in text.get_text() for text in axes.texts)


def test_a_mosaic_holds_each_tile_in_its_place():
    tiles = np.arange(5, dtype=float)[:, None, None] * np.ones((5, 2, 2))
    picture = photos.mosaic(tiles, np.nan)
    step = 2 + photos.GAP
    assert picture.shape == (step + 2, 2 * step + 2)
    for index in range(5):
        top, left = index // 3 * step, index % 3 * step
        assert (picture[top : top + 2, left : left + 2] == index).all()
    assert np.isnan(picture[:2, 2:step]).all()


def test_a_map_is_shrunk_to_means():
    tile = RNG.normal(size=(2 * photos.MAP_TILE,) * 2).astype(np.float32)
    means = tile.reshape(photos.MAP_TILE, 2, photos.MAP_TILE, 2).mean((1, 3))
    np.testing.assert_allclose(photos.shrink(tile), means, atol=1e-6)
    assert photos.shrink(tile[:9, :9]).shape == (9, 9)


def test_trained_filters_stand_beside_the_ranges_of_untrained_ones(drawn, outputs):
    photos.draw_stability([{"title": "Net", "many": stability()}], outputs("out"))
    left = drawn["stability"].axes[0]
    ends = []
    for container in (c for c in left.containers if isinstance(c, ErrorbarContainer)):
        line, _, (bars,) = container.lines
        ends.append((np.asarray(line.get_xdata())[0], *bars.get_segments()[0][:, 0]))
    np.testing.assert_allclose(ends, [(0.7, 0.7, 0.7), (0.9, 0.8, 0.95), (0.9, 0.8, 0.95)])
