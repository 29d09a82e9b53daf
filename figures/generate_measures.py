"""Chapter 4: what was measured of the pictures, by variant; a dot is a training."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from figures import style
from figures.generate_curves import plain_logarithmic
from report.stage import Outputs, Result

MEASURES = (  # field of a run, title, whether it is a fraction
    ("frechet", "Fréchet distance", False),
    ("precision", "precision", True),
    ("recall", "recall", True),
    ("entropy", "entropy, nats", False),
    ("background", "background", False),
)
DOT = 3.2
FAMILIES = (  # what a slug begins with -> colour, name
    ("default", style.INK, "default"),
    ("long", style.GREEN, "longer"),
    ("", style.BLUE, "other variants"),
)


def draw(metrics: dict[str, Any], results: Sequence[Result], outputs: Outputs) -> None:
    """Writes measures, classes, loss-and-distance and by-class."""
    draw_measures(metrics, outputs)
    draw_classes(metrics, outputs)
    draw_loss_and_distance(metrics, results, outputs)
    draw_by_class(metrics, outputs)


def draw_measures(metrics: dict[str, Any], outputs: Outputs) -> None:
    """A panel a measure, a row a variant: a dot a training, a bar their mean, a line real pictures."""
    variants = metrics["variants"]
    figure = style.figure(style.TEXT_WIDTH, 0.7 + 0.19 * len(variants))
    panels = figure.subplots(1, len(MEASURES), sharey=True)
    for axes, (name, title, fraction) in zip(panels, MEASURES, strict=True):
        axes.axvline(metrics["real"][name], color=style.GREEN, linewidth=0.9, linestyle="--")
        for place, variant in enumerate(variants):
            colour = style.INK if variant["slug"] == "default" else style.BLUE
            values = [run[name] for run in variant["runs"]]
            axes.plot(
                values,
                [place] * len(values),
                "o",
                color=colour,
                markersize=DOT,
                alpha=0.6,
                markeredgewidth=0,
            )
            axes.plot([variant[name]["value"]], [place], "|", color=colour, markersize=9)
        axes.set_title(title, fontsize=7.5)
        axes.tick_params(axis="x", labelsize=6.5)
        if fraction:
            axes.set_xlim(-0.03, 1.03)
            style.percent(axes.xaxis)
    panels[0].set_xscale("log")
    panels[0].xaxis.set_major_formatter("{x:g}")
    panels[0].xaxis.set_minor_formatter(NullFormatter())
    panels[0].set_yticks(range(len(variants)), [variant["title"] for variant in variants])
    panels[0].set_ylim(len(variants) - 0.5, -0.5)
    style.save(figure, outputs, "measures")


def draw_classes(metrics: dict[str, Any], outputs: Outputs) -> None:
    """Shares of the ten digits among the pictures, mean over the seeds, as coloured numbers in %."""
    rows = [("real pictures", np.asarray(metrics["real"]["histogram"]))]
    for variant in metrics["variants"]:
        rows.append((variant["title"], np.mean([run["histogram"] for run in variant["runs"]], axis=0)))
    shares = 100 * np.array([row for _, row in rows])
    figure = style.figure(style.TEXT_WIDTH, 0.4 + 0.19 * len(rows))
    axes = figure.subplots()
    # 10 % is white, and no colour is so dark that black numbers could not be read on it.
    axes.imshow(shares - 10, cmap="RdBu", vmin=-20, vmax=20, aspect="auto", interpolation="none")
    for (row, digit), share in np.ndenumerate(shares):
        axes.text(digit, row, f"{share:.1f}", ha="center", va="center", fontsize=6.5)
    axes.set_xticks(range(10), [str(digit) for digit in range(10)])
    axes.set_yticks(range(len(rows)), [title for title, _ in rows])
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    style.save(figure, outputs, "classes")


def draw_loss_and_distance(metrics: dict[str, Any], results: Sequence[Result], outputs: Outputs) -> None:
    """Each training's distance against both losses of its last epoch, where its loss is the default's."""
    runs = {(r.metrics["slug"], run["seed"]): run for r in results for run in r.metrics["runs"]}
    usual = {r.metrics["slug"] for r in results if r.metrics["loss"] == named_loss(results)}
    figure = style.figure(style.TEXT_WIDTH, 2.5)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, side, title in zip(panels, ("loss_g", "loss_d"), ("generator", "discriminator"), strict=True):
        for variant in metrics["variants"]:
            if variant["slug"] not in usual:
                continue
            colour, label = family(variant["slug"])
            found = [(runs[variant["slug"], run["seed"]][side], run["frechet"]) for run in variant["runs"]]
            whole = [
                pair for pair in found if pair[0] is not None
            ]  # a training that stopped has no last epoch
            axes.plot(
                [loss for loss, _ in whole],
                [distance for _, distance in whole],
                "o",
                color=colour,
                markersize=4,
                alpha=0.75,
                markeredgewidth=0,
                label=label,
            )
        axes.set(xlabel=f"loss of the {title}, last epoch")
        plain_logarithmic(axes)
    panels[0].set_ylabel("Fréchet distance")
    legend_once(figure, panels[0])
    style.save(figure, outputs, "loss-and-distance")


def named_loss(results: Sequence[Result]) -> str:
    return next(r.metrics["loss"] for r in results if r.metrics["slug"] == "default")


def family(slug: str) -> tuple[str, str]:
    return next((colour, name) for start, colour, name in FAMILIES if slug.startswith(start))


def legend_once(figure: Figure, axes: Axes) -> None:
    """Each label once, below the panels."""
    handles, labels = axes.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    figure.legend(once.values(), once.keys(), loc="outside lower center", ncols=len(once))


def draw_by_class(metrics: dict[str, Any], outputs: Outputs) -> None:
    """How often the classifier reads the digit that was asked for, by digit; a dot a training."""
    figure = style.figure(style.TEXT_WIDTH, 2.1)
    axes = figure.subplots()
    rows = metrics["conditional"]
    for index, (row, colour) in enumerate(zip(rows, (style.BLUE, style.VERMILION), strict=True)):
        shift = 0.16 * (2 * index - 1)
        for run_index, run in enumerate(row["runs"]):
            places = [digit + shift for digit in range(10)]
            label = "" if run_index else row["title"]
            axes.plot(
                places,
                run["by_class"],
                "o",
                color=colour,
                markersize=DOT,
                alpha=0.7,
                markeredgewidth=0,
                label=label,
            )
    axes.axhline(0.1, color=style.INK, linewidth=0.8, linestyle=":", label="guessing")
    axes.set_xticks(range(10))
    axes.set(xlabel="digit asked for", ylabel="read as that digit", ylim=(-0.03, 1.03))
    style.percent(axes.yaxis)
    figure.legend(loc="outside lower center", ncols=3)
    style.save(figure, outputs, "by-class")
