"""The figures of class visualisation show the pictures and numbers that they were given."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from figures import ascent, ascent_frames, style
from report.errors import ColophonError
from report.stage import Inputs, Outputs, Result

RNG = np.random.default_rng(0)


def variant(name: str, marks: tuple[int, ...], **settings: Any) -> dict[str, Any]:
    given = {
        "target": "cat", "start": "noise", "learning_rate": 5.0, "l2": 0.00001, "penalty": "norm",
        "step": "plain", "blur_every": 10, "seeds": 2, "marks": [{"iteration": t} for t in marks],
        "pictures": f"pictures-{name}", "trace": f"trace-{name}", "frames": None,
    }  # fmt: skip
    return given | settings


@pytest.fixture
def result(tmp_path: Path) -> Result:
    variants = {
        "baseline": variant("baseline", (0, 20, 200)),
        "blur-none": variant("blur-none", (0, 200), blur_every=None, l2=0),
        "long": variant("long", (0, 4), frames="frames-long"),  # a short run: marks beyond 4 fell away
    }
    folder = tmp_path / "result"
    folder.mkdir()
    metrics = {"title": "Net & <b>", "slug": "net", "variants": variants}
    (folder / "metrics.json").write_text(json.dumps(metrics))
    for name, drawn in variants.items():
        shape = (2, len(drawn["marks"]), 8, 8, 3)
        np.save(folder / f"pictures-{name}.npy", RNG.integers(0, 256, shape, dtype=np.uint8))
        trace = RNG.random((2, 4, 5)).astype(np.float32)
        trace[:, :, 0] = [0, 1, 5, 200]
        np.save(folder / f"trace-{name}.npy", trace)
    np.save(folder / "frames-long.npy", RNG.integers(0, 256, (3, 8, 8, 3), dtype=np.uint8))
    return Result(ascent.STAGE, {"network": "net"}, folder)


def inputs(*results: Result) -> Inputs:
    def no_data(name: str) -> Path:
        raise ColophonError(f"a figure asked for data: {name}")

    return Inputs(list(results), no_data)


def outputs(folder: Path) -> Outputs:
    folder.mkdir(exist_ok=True)
    return Outputs(folder, folder, lambda items, *_: iter(items))


def test_panels_with_two_tiles_and_more_are_drawn_with_the_same_bytes_every_time(result, tmp_path) -> None:
    drawn = []
    for name in ("one", "two"):
        ascent.draw(inputs(result), outputs(tmp_path / name))
        drawn.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    names = ["blur-net", "curves-net", "seeds-net"]
    assert sorted(drawn[0]) == [f"{name}.{suffix}" for name in names for suffix in ("pdf", "svg")]
    assert drawn[0] == drawn[1]


def test_tiles_are_those_of_the_marks_and_of_what_was_run(result) -> None:
    row = [
        ("baseline", 1, "{after}: {l2}, {rate}"),
        ("nosuch", ascent.END, "not run"),
        ("blur-none", ascent.END, "every {every}, {l2}"),
        ("long", 1, "{target} after {after}"),
        ("long", 2, "the same again"),
    ]
    found = ascent.pictures_of(result, row)
    assert [title for _, title in found] == ["20: 0.00001, 5", "every None, 0", "cat after 4"]
    np.testing.assert_array_equal(found[0][0], result.array("pictures-baseline")[0, 1])
    np.testing.assert_array_equal(found[1][0], result.array("pictures-blur-none")[0, 1])


def test_small_pictures_keep_their_pixels_and_large_ones_have_few_colours() -> None:
    small = np.repeat(RNG.integers(0, 2, (8, 8, 1), dtype=np.uint8) * 255, 3, axis=2)
    shown = ascent.few_colours(small)
    step = len(shown) // 8
    np.testing.assert_array_equal(shown[step // 2 :: step, step // 2 :: step], small)
    large = ascent.few_colours(RNG.integers(0, 256, (224, 224, 3), dtype=np.uint8))
    assert large.shape == (ascent.TILE, ascent.TILE, 3)
    assert len(np.unique(large.reshape(-1, 3), axis=0)) <= ascent.COLOURS


def test_curves_are_the_means_over_the_seeds(result, monkeypatch, tmp_path) -> None:
    drawn = []
    monkeypatch.setattr(style, "save", lambda figure, outputs, name: drawn.append(figure))
    ascent.draw_curves(result, outputs(tmp_path / "out"))
    trace = np.asarray(result.array("trace-baseline"))
    for axes, (column, label, _) in zip(drawn[0].axes, ascent.MEASURES, strict=True):
        assert axes.get_ylabel() == label
        line = axes.lines[0]
        np.testing.assert_array_equal(line.get_xdata(), [0, 1, 5, 200])
        np.testing.assert_allclose(line.get_ydata(), trace[:, :, column].mean(axis=0))


def test_an_animation_holds_the_frames_of_the_first_seed(result, tmp_path) -> None:
    ascent_frames.animate(
        ascent_frames.Settings(frames=3, side=16), inputs(result), outputs(tmp_path / "a")
    )
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [
        "long-net", "long-net-poster.png", "long-net.gif", "long-net.mp4",
    ]  # fmt: skip
    assert json.loads((tmp_path / "a/long-net/animation.json").read_text())["kept"] == [0, 1, 2]
