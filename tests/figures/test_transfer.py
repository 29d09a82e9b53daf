"""The figures of chapter 1 show the numbers they were given."""

from typing import Any

import numpy as np
import pytest
from matplotlib.container import ErrorbarContainer

from figures import classifiers, style, transfer
from report.stage import Result


def accuracy(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.02, "high": value + 0.01}


def row(title: str, family: str, layer: str, value: float) -> dict[str, Any]:
    fits = {"raw": {"accuracy": accuracy(value)}, "normalized": {"accuracy": accuracy(value + 0.05)}}
    return {"title": title, "family": family, "layer": layer, **fits}


@pytest.fixture(autouse=True)
def without_classifiers(monkeypatch):
    """Their figures have tests of their own."""
    monkeypatch.setattr(classifiers, "draw", lambda inputs, outputs: None)


@pytest.fixture
def svm(write_result) -> Result:
    """A result with two networks; only the convolutional one has a best layer."""
    metrics = {
        "rows": [
            row("Net", "convolutional", "early", 0.5),
            row("Net", "convolutional", "late", 0.7),
            row("Former", "transformer", "token", 0.6),
        ],
        "class_names": ["cat_1", "dog & <b>", "emu"],
        "best_convolutional": {"confusion": "confusion-convolutional"},
        "best_transformer": None,
    }
    confusion = np.array([[8, 2, 0], [0, 5, 5], [0, 0, 0]])
    return write_result("transfer/svm_depth", metrics, confusion_convolutional=confusion)


def test_each_figure_is_written_for_latex_and_for_html_with_the_same_bytes_every_time(svm, draw):
    first, second = (draw(transfer, [svm], name) for name in ("one", "two"))
    assert sorted(first) == [
        "confusion-convolutional.pdf",
        "confusion-convolutional.svg",
        "depth.pdf",
        "depth.svg",
    ]
    assert first == second


def test_the_markers_and_bars_are_the_accuracies_and_their_intervals(svm):
    axes = style.figure(3, 2).subplots()
    transfer.draw_network(axes, svm.metrics["rows"][:2])
    raw, normalized = (c for c in axes.containers if isinstance(c, ErrorbarContainer))
    for container, shift in ((raw, 0.0), (normalized, 0.05)):
        line, _, (bars,) = container.lines
        values = np.array([0.5, 0.7]) + shift
        np.testing.assert_allclose(np.asarray(line.get_ydata(), dtype=float), values)
        ends = np.array([segment[:, 1] for segment in bars.get_segments()])
        np.testing.assert_allclose(ends, np.stack([values - 0.02, values + 0.01], axis=1))
    assert [label.get_text() for label in axes.get_xticklabels()] == ["early", "late"]


def test_a_class_without_test_images_leaves_its_row_of_the_confusion_blank(svm, drawn, draw):
    draw(transfer, [svm])
    axes = drawn["confusion-convolutional"].axes[0]
    np.testing.assert_allclose(axes.images[0].get_array(), [[0.8, 0.2, 0], [0, 0.5, 0.5], [0, 0, 0]])
    assert [text.get_text() for text in axes.texts] == ["80", "20", "50", "50"]
