"""Chapter 1, transfer learning: accuracy at each depth, what the best layers confuse, classifiers."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from figures import classifiers, style
from report.stage import Inputs, Outputs, Result

SCALINGS = (("raw", "raw", style.BLUE, "o"), ("normalized", "unit length", style.VERMILION, "s"))
TOLD = 0.05  # smaller shares of a confusion matrix are coloured, but not written


def draw(inputs: Inputs, outputs: Outputs) -> None:
    """Writes depth, confusion-<family> for each family that was run, and those of `classifiers`."""
    svm = inputs["transfer/svm_depth"]
    metrics = svm.metrics
    draw_depth(metrics, outputs)
    for family in ("convolutional", "transformer"):
        if best := metrics[f"best_{family}"]:
            draw_confusion(svm, metrics, best, family, outputs)
    classifiers.draw(inputs, outputs)


def draw_depth(metrics: dict[str, Any], outputs: Outputs) -> None:
    """Accuracy against depth with its 95 % interval: a panel a network, its width by its layers."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in metrics["rows"]:
        groups.setdefault(row["title"], []).append(row)
    figure = style.figure(style.TEXT_WIDTH, 2.3)
    widths = [max(len(rows), 2) for rows in groups.values()]
    panels = figure.subplots(1, len(groups), sharey=True, squeeze=False, width_ratios=widths)[0]
    for axes, (title, rows) in zip(panels, groups.items(), strict=True):
        draw_network(axes, rows)
        axes.set_title(title)
    panels[0].set_ylabel("test accuracy")
    style.percent(panels[0].yaxis)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, title="features")
    style.save(figure, outputs, "depth")


def draw_network(axes: Axes, rows: list[dict[str, Any]]) -> None:
    places = np.arange(len(rows))
    for index, (key, label, colour, marker) in enumerate(SCALINGS):
        found = [row[key]["accuracy"] for row in rows]
        value, low, high = (np.array([a[end] for a in found]) for end in ("value", "low", "high"))
        axes.errorbar(
            places + (index - 0.5) * 0.18, value, yerr=[value - low, high - value],
            fmt=marker, color=colour, capsize=2.5, elinewidth=1, label=label, markeredgecolor="white",
        )  # fmt: skip
    axes.set_xticks(places, [row["layer"] for row in rows])
    axes.set_xlim(-0.6, len(rows) - 0.4)
    axes.grid(axis="x", visible=False)


def draw_confusion(
    svm: Result, metrics: dict[str, Any], best: dict[str, Any], family: str, outputs: Outputs
) -> None:
    """Share of each true class (row) that was given each label (column), darker for more."""
    counts = np.asarray(svm.array(best["confusion"]), dtype=float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = metrics["class_names"]
    figure = style.figure(style.HALF_WIDTH, style.HALF_WIDTH)
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=90 if len(names[0]) > 2 else 0)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0, labelsize=6.5)
    axes.grid(visible=False)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    for row, column in np.argwhere(shares >= TOLD):
        share = shares[row, column]
        axes.text(
            column, row, f"{100 * share:.0f}", ha="center", va="center",
            fontsize=5 if len(names) > 12 else 6.5, color="white" if share > 0.5 else style.INK,
        )  # fmt: skip
    style.save(figure, outputs, f"confusion-{family}")
