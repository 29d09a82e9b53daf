"""The figures of chapter 4 show the pictures and numbers that they were given."""

import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from figures import digit_frames, generate, generate_curves, sheets
from report.stage import Result

RNG = np.random.default_rng(0)
SIZE = 8
VARIANTS = {"default": "default", "long": "longer", "saturating": "saturating loss"}
ITERATIONS = [0, 100, 250]


def grey(*shape: int) -> np.ndarray:
    return RNG.integers(0, 256, (*shape, SIZE, SIZE), dtype=np.uint8)


def trained(slug: str) -> list[dict[str, Any]]:
    number = list(VARIANTS).index(slug)
    return [{"seed": s, "loss_g": number + 0.1 * s, "loss_d": 0.5 + 0.01 * s} for s in (1, 2)]


def measured(slug: str, **more: Any) -> dict[str, Any]:
    number = list(VARIANTS).index(slug) if slug in VARIANTS else 0
    runs = [
        {
            "seed": s, "frechet": 10.0 * (number + 1) + s, "precision": 0.5, "recall": 0.1 * s, "entropy": 3.2,
            "background": 1.0 * s, "histogram": [0.19 - 0.02 * digit for digit in range(10)], **more,
        }
        for s in (1, 2)
    ]  # fmt: skip
    means = {key: {"value": np.mean([run[key] for run in runs])} for key in NUMBERS}
    return {"slug": slug, "title": VARIANTS.get(slug, slug), "runs": runs, **means}


NUMBERS = ("frechet", "precision", "recall", "entropy", "background")


@pytest.fixture
def results(tmp_path) -> list[Result]:
    """Three variants, a conditional stage, measures and interpolations."""

    def write(name: str, stage: str, metrics: dict[str, Any], arrays: dict[str, np.ndarray]) -> Result:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "metrics.json").write_text(json.dumps(metrics))
        for array, values in arrays.items():
            np.save(folder / f"{array}.npy", values)
        return Result(stage, {}, folder)

    made = []
    for slug, title in VARIANTS.items():
        metrics = {
            "slug": slug, "title": title, "displayed": ITERATIONS, "runs": trained(slug), "iterations": 250,
            "loss": "saturating" if slug == "saturating" else "non-saturating",
        }  # fmt: skip
        sign = -1 if slug == "saturating" else 1
        losses = {f"losses-{s}": RNG.random((250, 4)).astype(np.float32) * [1, sign, 1, 1] for s in (1, 2)}
        arrays = {"frames": grey(3, 64), "samples": grey(2, 64), **losses}
        made.append(write(slug, "generate/dcgan", metrics, arrays))
    both = ("conditional", "blind")
    arrays = {f"{slug}-frames": grey(3, 100) for slug in both}
    arrays |= {f"{slug}-columns": grey(10, 15) for slug in both}
    metrics = {"variants": [{"slug": slug, "title": slug} for slug in both], "displayed": ITERATIONS}
    made.append(write("cdcgan", "generate/cdcgan", metrics, arrays))
    real = {"frechet": 2.0, "precision": 0.9, "recall": 0.9, "entropy": 3.3, "background": 0.0}
    by_class = [digit / 10 for digit in range(10)]
    metrics = {
        "real": real | {"histogram": [0.1] * 10},
        "variants": [measured(slug) for slug in VARIANTS],
        "conditional": [measured(slug, by_class=by_class) for slug in both],
    }
    made.append(write("measures", "generate/measures", metrics, {}))
    arrays = {"line": grey(5, 6), "sphere": grey(5, 6)}
    return [*made, write("noise", "generate/noise", {}, arrays)]


@pytest.fixture
def figures(results, inputs, outputs, drawn) -> dict[str, Any]:
    """The figures by name, before they are written."""
    generate.draw(inputs(*results), outputs("out"))
    return drawn


def shown(axes: Any) -> np.ndarray:
    return np.asarray(axes.images[0].get_array())


def test_each_figure_is_written_twice_with_the_same_bytes_every_time(results, draw) -> None:
    names = [
        "between", "by-class", "classes", "columns-blind", "columns-conditional", "given",
        "loss-and-distance", "losses", "losses-default", "losses-long", "measures", "over-time", "variants",
    ]  # fmt: skip
    first, second = draw(generate, results, "one"), draw(generate, results, "two")
    assert set(first) == {f"{name}.{kind}" for name in names for kind in ("pdf", "svg")}
    assert first == second


def test_a_sheet_holds_every_picture_at_its_place() -> None:
    pictures = grey(6)
    whole = sheets.sheet(pictures, 3)
    step = SIZE + 1
    assert whole.shape == (2 * step - 1, 3 * step - 1, 3)
    for index, picture in enumerate(pictures):
        top, left = index // 3 * step, index % 3 * step
        tile = whole[top : top + SIZE, left : left + SIZE]
        np.testing.assert_array_equal(tile, np.repeat(picture[..., None], 3, axis=2))
    assert (whole[SIZE] == 255).all() and (whole[:, SIZE] == 255).all()
    np.testing.assert_array_equal(sheets.sheet(pictures, 3, 2)[::2, ::2], whole)


def test_the_same_noises_are_shown_from_the_first_iteration_to_the_last(figures, results) -> None:
    axes = [axes for axes in figures["over-time"].axes if axes.images]
    assert [a.get_title() for a in axes] == ["0 iterations", "100 iterations", "250 iterations"]
    np.testing.assert_array_equal(shown(axes[2])[:SIZE, :SIZE, 0], results[0].array("frames")[2, 0])


def test_every_variant_shows_pictures_of_its_first_seed(figures, results) -> None:
    axes = [axes for axes in figures["variants"].axes if axes.images]
    assert [a.get_title() for a in axes] == list(VARIANTS.values())
    for one, result in zip(axes, results, strict=False):
        np.testing.assert_array_equal(shown(one)[:SIZE, :SIZE, 0], result.array("samples")[0, 0])


def test_given_digits_stand_in_columns_and_rows_share_a_noise(figures, results) -> None:
    frames = results[3].array("conditional-frames")
    pixels, step = shown(figures["given"].axes[0]), SIZE + 1
    tile = pixels[2 * step : 2 * step + SIZE, 7 * step : 7 * step + SIZE, 0]
    np.testing.assert_array_equal(tile, frames[-1, 27])
    columns = shown(figures["columns-blind"].axes[0])
    tile = columns[3 * step : 3 * step + SIZE, 14 * step : 14 * step + SIZE, 0]
    np.testing.assert_array_equal(tile, results[3].array("blind-columns")[3, 14])


def test_line_and_sphere_between_the_same_noises_stand_below_each_other(figures, results) -> None:
    axes = figures["between"].axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["line", "sphere"] * generate.PAIRS
    pixels, step = shown(axes), SIZE + 1
    for row, kind in ((4, "line"), (5, "sphere")):
        tile = pixels[row * step : row * step + SIZE, step : step + SIZE, 0]
        np.testing.assert_array_equal(tile, results[5].array(kind)[2, 1])


def test_smoothing_takes_means_of_stretches_of_equal_length() -> None:
    trace = np.repeat(np.arange(450.0)[:, None], 4, axis=1)
    iterations, values = generate_curves.smoothed(trace)
    assert len(iterations) == 112 and values.shape == (112, 4)
    np.testing.assert_allclose(values[:3, 0], [1.5, 5.5, 9.5])
    np.testing.assert_allclose(iterations[:3], [2.5, 6.5, 10.5])  # iterations count from 1
    short = generate_curves.smoothed(trace[:3])
    np.testing.assert_allclose(short[1][:, 0], [0, 1, 2])


def test_losses_are_drawn_for_each_seed_and_a_negative_one_by_its_size(figures, results) -> None:
    default = results[0].array("losses-2")
    lines = figures["losses-default"].axes[0].lines
    assert len(lines) == 4
    np.testing.assert_allclose(lines[3].get_ydata(), generate_curves.smoothed(np.asarray(default))[1][:, 1])
    saturating = figures["losses"].axes[2]
    assert saturating.get_title() == "saturating loss"
    assert all((line.get_ydata() > 0).all() for line in saturating.lines)


def test_a_dot_is_a_training_and_the_dashed_line_what_real_pictures_give(figures) -> None:
    axes = figures["measures"].axes[0]
    real, *lines = axes.lines
    assert list(real.get_xdata()) == [2.0, 2.0]
    dots = [list(line.get_xdata()) for line in lines if line.get_marker() == "o"]
    assert dots == [[11, 12], [21, 22], [31, 32]]
    means = [line.get_xdata()[0] for line in lines if line.get_marker() == "|"]
    assert means == [11.5, 21.5, 31.5]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(VARIANTS.values())


def test_shares_of_the_digits_are_told_in_percent(figures) -> None:
    texts = [text.get_text() for text in figures["classes"].axes[0].texts]
    assert texts[:10] == ["10.0"] * 10
    assert texts[10:20] == [f"{19 - 2 * digit:.1f}" for digit in range(10)]


def test_distances_stand_over_the_losses_of_the_same_training(figures) -> None:
    generator, discriminator = figures["loss-and-distance"].axes
    found = [(list(line.get_xdata()), list(line.get_ydata())) for line in generator.lines]
    assert found == [([0.1, 0.2], [11, 12]), ([1.1, 1.2], [21, 22])]  # another loss is another scale
    assert list(discriminator.lines[0].get_xdata()) == [0.51, 0.52]


def test_accuracies_by_digit_stand_at_their_digit(figures) -> None:
    lines = figures["by-class"].axes[0].lines
    assert len(lines) == 5
    np.testing.assert_allclose(lines[0].get_ydata(), np.arange(10) / 10)
    assert [round(place) for place in lines[3].get_xdata()] == list(range(10))


def test_an_animation_shows_the_fixed_noises_at_every_kept_moment(
    results, inputs, outputs, tmp_path
) -> None:
    digit_frames.animate(digit_frames.Settings(side=200), inputs(*results), outputs("a"))
    folders = sorted(path for path in (tmp_path / "a").iterdir() if path.is_dir())
    assert [folder.name for folder in folders] == ["conditional", "default"]
    for folder, stage, array, columns in zip(
        folders, (results[3], results[0]), ("conditional-frames", "frames"), (10, 8), strict=True
    ):
        assert json.loads((folder / "animation.json").read_text())["kept"] == [0, 1, 2]
        pixels = np.asarray(Image.open(folder / "frame-1.png"))[::2, ::2, 0]
        expected = sheets.sheet(np.asarray(stage.array(array)[1]), columns)[..., 0]
        np.testing.assert_array_equal(pixels[: len(expected), : len(expected)], expected)
