"""Chapter 4: losses and discriminator outputs over the iterations, and what a loss says of the pictures."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, LogLocator, MaxNLocator, NullFormatter

from figures import style
from report.stage import Outputs, Result

D, G = style.BLUE, style.VERMILION
POINTS = 100  # that a smoothed curve keeps apart
COLUMNS = 4
CURVES = {  # column of `losses-<seed>` -> panel, colour, name
    0: (0, D, "discriminator"),
    1: (0, G, "generator"),
    2: (1, D, "D of real pictures"),
    3: (1, G, "D of generated ones"),
}


def draw(results: Sequence[Result], outputs: Outputs) -> None:
    """Writes losses-<variant> for the default and for the long training, and losses of all variants."""
    for result in results:
        if result.metrics["slug"] in ("default", "long"):
            draw_training(result, outputs)
    draw_losses(results, outputs)


def traces(result: Result) -> list[np.ndarray]:
    """Of each seed (iterations, 4): both losses and both outputs; short where the training stopped."""
    return [np.asarray(result.array(f"losses-{run['seed']}")) for run in result.metrics["runs"]]


def smoothed(trace: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means over `POINTS` stretches of equal length: the iterations (n,) in their middle, values (n, 4)."""
    width = max(1, len(trace) // POINTS)
    count = len(trace) // width
    means = trace[: count * width].reshape(count, width, -1).mean(axis=1)
    return (np.arange(count) + 0.5) * width + 0.5, means


def draw_training(result: Result, outputs: Outputs) -> None:
    """Losses left, outputs right; a line a seed."""
    figure = style.figure(style.TEXT_WIDTH, 2.45)
    panels = figure.subplots(1, 2)
    for index, trace in enumerate(traces(result)):
        iterations, values = smoothed(trace)
        for column, (panel, colour, name) in CURVES.items():
            label = "" if index else name
            panels[panel].plot(
                iterations, values[:, column], color=colour, linewidth=0.8, alpha=0.8, label=label
            )
    panels[0].set(xlabel="iterations", title="loss")
    panels[0].set_ylim(bottom=0)
    panels[0].yaxis.set_major_locator(MaxNLocator(4))  # the layout must not change their number
    panels[1].set(xlabel="iterations", title="output of D", ylim=(-0.02, 1.02))
    panels[1].axhline(0.5, color=style.INK, linewidth=0.8, linestyle=":")
    for axes in panels:
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.25))
    style.save(figure, outputs, f"losses-{result.metrics['slug']}")


def draw_losses(results: Sequence[Result], outputs: Outputs) -> None:
    """Both losses of every variant, a panel each on one logarithmic scale; a line a seed."""
    rows = -(-len(results) // COLUMNS)
    figure = style.figure(style.TEXT_WIDTH, 0.35 + 1.15 * rows)
    grid = figure.subplots(rows, COLUMNS, squeeze=False, sharey=True)
    for axes in grid.flat[len(results) :]:
        axes.set_axis_off()
    for axes, result in zip(grid.flat, results, strict=False):
        draw_both(axes, result)
    for axes in grid.flat[: len(results)]:
        plain_logarithmic(axes)
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles[:2], labels[:2], loc="outside lower center", ncols=2)
    style.save(figure, outputs, "losses")


def draw_both(axes: Axes, result: Result) -> None:
    for trace in traces(result):
        iterations, values = smoothed(trace)
        for column in (0, 1):
            _, colour, name = CURVES[column]
            # The saturating loss of the generator is negative: its size is what is drawn.
            axes.plot(
                iterations, np.abs(values[:, column]), color=colour, linewidth=0.7, alpha=0.8, label=name
            )
    axes.set_title(result.metrics["title"], fontsize=7.5)
    axes.tick_params(labelsize=6.5)
    axes.xaxis.set_major_locator(FixedLocator([0, result.metrics["iterations"]]))
    axes.xaxis.set_major_formatter("{x:,.0f}")


def plain_logarithmic(axes: Axes) -> None:
    """A logarithmic axis upwards, with numbers as one writes them: 0.5, 1, 2, 5, 10; powers alone of ten
    where it is long."""
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 1000 * low else (1,)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
