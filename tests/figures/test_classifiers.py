"""The figures of classifiers show the numbers they were given."""

from typing import Any

import numpy as np
import pytest
from matplotlib.container import ErrorbarContainer

from figures import classifiers
from report.stage import Result


def accuracy(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.02, "high": value + 0.01}


def points(key: str, places: list[float]) -> list[dict[str, Any]]:
    return [
        {
            key: place,
            "cross_validation": {"value": 0.6 + index / 10, "standard_deviation": 0.03},
            "test": accuracy(0.5 + index / 10),
        }
        for index, place in enumerate(places)
    ]


def head(values: list[float]) -> dict[str, Any]:
    runs = [{"test": {"accuracy": accuracy(value)}} for value in values]
    return {"title": "Net", "layer": "late", "accuracy": accuracy(float(np.mean(values))), "runs": runs}


@pytest.fixture
def results(write_result) -> list[Result]:
    about = {"title": "Net", "layer": "late"}
    tuned = {"points": points("c", [0.1, 1, 10]), "c": 10, "cross_validation": {"value": 0.8}}
    reduced = {"points": points("components", [4, 8]), "components": 8}
    whole = {"whole": {"accuracy": accuracy(0.7)}, "cross_validation": {"value": 0.7}}
    metrics = {
        "svm_tuning": {
            "rows": [about, about | {"normalized": tuned}],
            "networks": [{"row": 1}],
            "default_c": 1.0,
        },
        "svm_pca": {"rows": [about | reduced | whole]},
        "mlp_head": about
        | {
            "svm": {"accuracy": accuracy(0.7)},
            "mlp": head([0.7, 0.8]),
            "linear": head([0.6, 0.65, 0.7]),
        },
        "fine_tune": about | {"fine_tuned": head([0.85, 0.95])},
    }
    return [write_result(f"transfer/{name}", content) for name, content in metrics.items()]


def test_each_figure_is_written_for_latex_and_for_html_with_the_same_bytes_every_time(results, draw):
    first, second = (draw(classifiers, results, name) for name in ("one", "two"))
    names = ("components", "heads", "tuning")
    assert sorted(first) == [f"{name}.{kind}" for name in names for kind in ("pdf", "svg")]
    assert first == second


def test_the_curves_are_the_means_of_the_folds_and_the_test_accuracies(results, drawn, draw):
    draw(classifiers, results)
    (axes,) = drawn["tuning"].axes
    lines = {line.get_label(): line for line in axes.lines}
    assert list(lines["cross-validation"].get_xdata()) == [0.1, 1, 10]
    np.testing.assert_allclose(lines["cross-validation"].get_ydata(), [0.6, 0.7, 0.8])
    np.testing.assert_allclose(lines["test set"].get_ydata(), [0.5, 0.6, 0.7])
    assert list(lines["chosen"].get_xdata()) == [10]
    assert axes.get_xscale() == "log" and axes.get_title() == "Net, late"
    (axes,) = drawn["components"].axes
    assert {line.get_label(): list(line.get_ydata()) for line in axes.lines}["test set, all features"] == [
        0.7,
        0.7,
    ]


def test_heads_are_shown_with_every_seed_and_the_interval_of_their_mean(results, drawn, draw):
    draw(classifiers, results)
    (axes,) = drawn["heads"].axes
    bars = [c for c in axes.containers if isinstance(c, ErrorbarContainer)]
    values = [np.asarray(bar.lines[0].get_ydata()).item() for bar in bars]
    np.testing.assert_allclose(values, [0.7, 0.65, 0.75, 0.9])
    seeds = [list(line.get_ydata()) for line in axes.lines if line.get_marker() == "o"]
    assert seeds == [[], [0.6, 0.65, 0.7], [0.7, 0.8], [0.85, 0.95]]


def test_a_network_that_was_not_fine_tuned_is_shown_without(results, drawn, draw):
    draw(classifiers, results[:-1])
    labels = [label.get_text() for label in drawn["heads"].axes[0].get_xticklabels()]
    assert labels == ["SVM", "softmax", "MLP"]
