"""Chapter 1's figures of classifiers on features: C, components, and what trained heads add."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from figures import style
from report.stage import Inputs, Outputs

VALIDATION, TEST = style.BLUE, style.VERMILION
HEADS = {"svm": "SVM", "linear": "softmax", "mlp": "MLP", "fine_tuned": "MLP and\nnetwork"}


def draw(inputs: Inputs, outputs: Outputs) -> None:
    """Writes tuning, components and heads."""
    tuning = inputs["transfer/svm_tuning"].metrics
    draw_tuning(tuning, outputs)
    draw_components(inputs["transfer/svm_pca"].metrics["rows"], outputs)
    inside = [result.metrics for result in inputs.all("transfer/fine_tune")]
    alone = [result.metrics for result in inputs.all("transfer/mlp_head")]
    draw_heads(alone, {metrics["title"]: metrics for metrics in inside}, outputs)


def draw_tuning(tuning: dict[str, Any], outputs: Outputs) -> None:
    """Accuracy against C on the folds and on the test set: a panel a network, its best layer."""
    rows = [tuning["rows"][best["row"]] for best in tuning["networks"]]
    figure, panels = panels_of(rows)
    for axes, row in zip(panels, rows, strict=True):
        tuned = row["normalized"]
        draw_curves(axes, tuned["points"], "c")
        axes.set_xscale("log")
        default = tuning["default_c"]
        axes.axvline(default, color=style.INK, linewidth=0.8, linestyle=":", label=f"C = {default:g}")
        mark(axes, tuned["c"], tuned["cross_validation"]["value"])
        axes.set_xlabel("C")
    finish(figure, panels, "tuning", outputs)


def draw_components(rows: list[dict[str, Any]], outputs: Outputs) -> None:
    """Accuracy against the number of principal components, on the folds and on the test set."""
    figure, panels = panels_of(rows)
    for axes, row in zip(panels, rows, strict=True):
        draw_curves(axes, row["points"], "components")
        whole = row["whole"]["accuracy"]["value"]
        axes.axhline(whole, color=TEST, linewidth=0.8, linestyle="--", label="test set, all features")
        mark(axes, row["components"], row["cross_validation"]["value"])
        axes.set_xscale("log", base=2)
        counts = [point["components"] for point in row["points"]]
        shown = counts[:: 2 if len(counts) > 5 else 1]
        axes.set_xticks(shown, [str(count) for count in shown])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlabel("components")
    finish(figure, panels, "components", outputs)


def draw_heads(alone: list[dict[str, Any]], inside: dict[str, dict[str, Any]], outputs: Outputs) -> None:
    """The accuracy of each kind of classifier: seeds as dots, their mean with its interval."""
    figure, panels = panels_of([metrics["mlp"] for metrics in alone])
    for axes, metrics in zip(panels, alone, strict=True):
        draw_network_heads(axes, metrics | inside.get(metrics["title"], {}))
    panels[0].set_ylabel("test accuracy")
    low, high = panels[0].get_ylim()  # shared by all; an interval of few seeds may leave what can be
    panels[0].set_ylim(max(low, 0), min(high, 1))
    style.percent(panels[0].yaxis)
    style.save(figure, outputs, "heads")


def draw_network_heads(axes: Axes, metrics: dict[str, Any]) -> None:
    """One network's classifiers; `metrics` holds those of the keys of HEADS that were measured."""
    kinds = [kind for kind in HEADS if kind in metrics]
    for place, kind in enumerate(kinds):
        found = metrics[kind]["accuracy"]
        colour = style.FAINT if kind == "svm" else style.BLUE
        ends = [[found["value"] - found["low"]], [found["high"] - found["value"]]]
        axes.errorbar(
            [place], [found["value"]], yerr=ends, fmt="_", markersize=12, color=style.INK, capsize=2.5,
            elinewidth=1, zorder=3,
        )  # fmt: skip
        seeds = [run["test"]["accuracy"]["value"] for run in metrics[kind].get("runs", [])]
        spread = np.linspace(-0.18, 0.18, len(seeds)) if seeds else []
        axes.plot(place + np.asarray(spread), seeds, "o", color=colour, markersize=3.5, alpha=0.8)
    axes.set_xticks(range(len(kinds)), [HEADS[kind] for kind in kinds])
    axes.tick_params(axis="x", labelsize=7)
    axes.set_xlim(-0.6, len(kinds) - 0.4)
    axes.grid(axis="x", visible=False)


def draw_curves(axes: Axes, points: list[dict[str, Any]], key: str) -> None:
    """Cross-validation with its standard deviation, and the test set with its 95 % interval."""
    places = [point[key] for point in points]
    folds = [point["cross_validation"] for point in points]
    centre = np.array([fold["value"] for fold in folds])
    spread = np.array([fold["standard_deviation"] for fold in folds])
    axes.fill_between(places, centre - spread, centre + spread, color=VALIDATION, alpha=0.18, linewidth=0)
    axes.plot(places, centre, "-o", color=VALIDATION, markersize=3, label="cross-validation")
    value, low, high = (
        np.array([point["test"][end] for point in points]) for end in ("value", "low", "high")
    )
    axes.fill_between(places, low, high, color=TEST, alpha=0.18, linewidth=0)
    axes.plot(places, value, "--s", color=TEST, markersize=3, label="test set")


def mark(axes: Axes, place: float, value: float) -> None:
    """Ring the choice of cross-validation."""
    axes.plot(
        [place], [value], "o", markersize=9, markerfacecolor="none", markeredgecolor=style.INK,
        markeredgewidth=0.9, linestyle="none", label="chosen",
    )  # fmt: skip


def panels_of(rows: list[dict[str, Any]]) -> tuple[Figure, list[Axes]]:
    """A panel a row, titled by network and layer, with one scale of accuracy."""
    figure = style.figure(style.TEXT_WIDTH, 2.5)
    panels = figure.subplots(1, len(rows), sharey=True, squeeze=False)[0]
    for axes, row in zip(panels, rows, strict=True):
        axes.set_title(f"{row['title']}, {row['layer']}")
    return figure, list(panels)


def finish(figure: Figure, panels: list[Axes], name: str, outputs: Outputs) -> None:
    """Name the axis of accuracy and the curves, and save."""
    panels[0].set_ylabel("accuracy")
    style.percent(panels[0].yaxis)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    style.save(figure, outputs, name)
