"""The figures of chapter 3 show the numbers they were given."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from figures import adapt, style
from report.errors import ColophonError
from report.stage import Inputs, Outputs, Result


def mean(value: float) -> dict[str, float]:
    return {"value": value, "count": 2}


def row(value: float, **about: Any) -> dict[str, Any]:
    runs = [
        {"target": value - 0.01, "source": 0.9, "failed": None},
        {"target": value + 0.01, "source": 0.8, "failed": "source"},
    ]
    return {
        "target": mean(value),
        "source": mean(0.85),
        "runs": runs,
        "failures": 1,
        "diverged": 1,
        **about,
    }


CURVES = [
    {"start": start, "selection": how, "slug": f"{start}-{how}", "title": f"{how} labels"}
    for start in ("practical", "improved")
    for how in ("all", "balanced")
]
METRICS: dict[str, dict[str, Any]] = {
    "data": {},
    "schedules": {
        "rows": [{"c": 2, "end": 0.7616}, {"c": 10, "end": 0.9999}],
        "practical": {"c": 2},
        "paper": {"c": 10},
    },
    "ablations": {
        "source_title": "grey",
        "target_title": "coloured",
        "baseline": {"source": 0.95, "target": 0.4},
        "by_c": [row(0.5, c=2), row(0.6, c=10)],
        "grid": [row(0.1 * (2 * i + j), end=e, slope=s) for i, e in enumerate((0.5, 1)) for j, s in enumerate((1, 3))],
    },
    "latent": {"maps": 1, "source_title": "grey", "target_title": "coloured"},
    "pseudo_labels": {"curves": CURVES},
}  # fmt: skip


@pytest.fixture
def results(tmp_path) -> list[Result]:
    """A result of each stage with small arrays."""
    rng = np.random.default_rng(0)
    arrays = {
        "data": {
            f"panel-{k}": rng.integers(0, 255, (10, 28, 28, 3), dtype=np.uint8)
            for k in ("source", "target")
        },
        "schedules": {"progress": np.linspace(0, 1, 5), "strengths": rng.random((2, 5))},
        "ablations": {},
        "latent": {
            "labels": np.arange(20) % 10,
            **{f"map-{k}-0": rng.normal(size=(20, 2)) for k in ("with", "without")},
        },
        "pseudo_labels": {
            f"{curve['slug']}-{name}": rng.random((2, 4 if name == "target" else 3))
            for curve in CURVES
            for name in ("target", "precision", "kept")
        },
    }
    made = []
    for stage, metrics in METRICS.items():
        folder = tmp_path / stage
        folder.mkdir()
        (folder / "metrics.json").write_text(json.dumps(metrics))
        for name, array in arrays[stage].items():
            np.save(folder / f"{name}.npy", array)
        made.append(Result(f"adapt/{stage}", {}, folder))
    return made


def draw(results: list[Result], folder: Path) -> dict[str, bytes]:
    def no_data(name: str) -> Path:
        raise ColophonError(f"a figure asked for data: {name}")

    folder.mkdir()
    adapt.draw(Inputs(results, no_data), Outputs(folder, folder, lambda items, *_: iter(items)))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def figures(results, tmp_path, monkeypatch) -> dict[str, Any]:
    """The figures by name, before they are written."""
    drawn = {}
    monkeypatch.setattr(style, "save", lambda figure, outputs, name: drawn.update({name: figure}))
    draw(results, tmp_path / "out")
    return drawn


def test_each_figure_is_written_twice_with_the_same_bytes_every_time(results, tmp_path) -> None:
    first, second = draw(results, tmp_path / "one"), draw(results, tmp_path / "two")
    names = ["by-c", "digits", "grid", "latent-0", "pseudo-improved", "pseudo-practical", "schedules"]
    assert sorted(first) == [f"{name}.{kind}" for name in names for kind in ("pdf", "svg")]
    assert first == second


def test_every_training_is_a_dot_and_failed_ones_are_crossed(figures) -> None:
    target, source = figures["by-c"].axes
    for axes, values in ((target, (0.49, 0.51, 0.59, 0.61)), (source, (0.9, 0.8, 0.9, 0.8))):
        points = [line for line in axes.lines if line.get_marker() in ("o", "x")]
        assert [line.get_ydata()[0] for line in points] == pytest.approx(values)
        assert [line.get_marker() for line in points] == ["o", "x"] * 2
        assert [line.get_xdata()[0] for line in points] == [2, 2, 10, 10]
    curve, base = target.lines[-2:]
    assert list(curve.get_ydata()) == [0.5, 0.6]
    assert list(base.get_ydata()) == [0.4, 0.4]


def test_the_grids_numbers_stand_at_their_strength_and_slope(figures) -> None:
    axes = figures["grid"].axes[0]
    np.testing.assert_allclose(axes.images[0].get_array(), [[0, 0.1], [0.2, 0.3]])
    assert [text.get_text().split("\n")[0] for text in axes.texts] == ["0.0", "10.0", "20.0", "30.0"]
    assert all(text.get_text().endswith("1 of 2 failed") for text in axes.texts)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0.5", "1"]


def test_the_schedules_are_named_with_their_true_ends(figures) -> None:
    labels = [text.get_text() for text in figures["schedules"].legends[0].get_texts()]
    assert labels == ["c = 2, ends at 0.7616", "c = 10, ends at 0.9999"]


def test_the_maps_show_every_picture_in_both_colourings(figures, results) -> None:
    plane = results[3].array("map-with-0")
    for axes in (figures["latent-0"].axes[1], figures["latent-0"].axes[3]):
        (dots,) = axes.collections
        assert {tuple(p) for p in np.asarray(dots.get_offsets())} == {tuple(p) for p in plane}
    colours = figures["latent-0"].axes[1].collections[0].get_facecolors()
    assert len(np.unique(colours, axis=0)) == 2


def test_rounds_count_from_the_start_for_accuracy_and_from_one_for_labels(figures, results) -> None:
    accuracy, precision, _ = figures["pseudo-improved"].axes
    values = results[4].array("improved-all-target")
    assert list(accuracy.lines[0].get_xdata()) == [0, 1, 2, 3]
    np.testing.assert_allclose(accuracy.lines[0].get_ydata(), values[0])
    np.testing.assert_allclose(accuracy.lines[2].get_ydata(), values.mean(0))
    assert list(precision.lines[0].get_xdata()) == [1, 2, 3]
