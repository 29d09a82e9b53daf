"""Chapter 2, adversarial examples: one to look at, what survives, budgets, and a single pixel."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.gridspec import GridSpec
from matplotlib.patches import Circle
from matplotlib.ticker import MaxNLocator

from figures import style
from figures.pictures import enlarged, enlargement
from report.stage import Inputs, Outputs, Result

GREY = 127.5  # grey levels that stand for no difference
TILE = 190  # pixels; smaller pictures are enlarged to about this, as viewers blur them
ROW = 1.7  # inches; a row of pictures with two lines of title
WAYS = {"as it is": "as it is", "rounded to 8 bits": "8 bits", "JPEG 95": "JPEG 95", "JPEG 75": "JPEG 75"}
STOPS = (
    ("boundary", "at the boundary", style.ORANGE, "o"),
    ("further", "beyond it", style.BLUE, "s"),
)
QUESTIONS = (("target", "named as wanted"), ("changed", "named otherwise\nthan the clean picture"))
ATTACKS = (("fgsm", "one step (FGSM)", style.ORANGE, "o"), ("pgd", "many steps (PGD)", style.BLUE, "s"))


def draw(inputs: Inputs, outputs: Outputs) -> None:
    """Writes example-<network> for each network; survival, budgets and one-pixel for all together."""
    attacked = inputs.all("visualize/adversarial")
    for result in attacked:
        draw_example(result, outputs)
    draw_survival([result.metrics for result in attacked], outputs)
    draw_budgets([result.metrics for result in inputs.all("visualize/budgets")], outputs)
    draw_pixels(inputs.all("visualize/one_pixel"), outputs)


def draw_example(result: Result, outputs: Outputs) -> None:
    """Original, fooled picture, their difference, the difference magnified; below, the probabilities."""
    metrics = result.metrics
    example = metrics["example"]
    original, fooled, difference, trace = (
        np.asarray(result.array(f"example-{name}"))
        for name in ("original", "fooled", "difference", "trace")
    )
    factor = example["magnification"]
    before, after = example["before"], example["after"]
    word = "fooled" if example["reached"] else "changed"
    panels = (
        (original, f"original\n{told(before['named'], before['probability'])}"),
        (fooled, f"{word}\n{told(after['named'], after['probability'])}"),
        (as_picture(difference, 1), "difference\nnone is grey"),
        (as_picture(difference, factor), f"difference × {factor}\nclipped, not wrapped"),
    )
    figure = style.figure(style.TEXT_WIDTH, ROW + 1.3)
    grid = GridSpec(2, len(panels), figure=figure, height_ratios=(ROW, 1.3))
    for column, (picture, title) in enumerate(panels):
        show(figure.add_subplot(grid[0, column]), picture, title)
    draw_trace(figure.add_subplot(grid[1, :]), trace, example)
    style.save(figure, outputs, f"example-{metrics['slug']}")


def told(name: str, probability: float) -> str:
    return f"{name}, {100 * probability:.1f} %"


def as_picture(difference: np.ndarray, factor: float) -> np.ndarray:
    """A difference in grey levels, `factor` times, about mid grey; clipped: a wrap would invert colours."""
    return np.rint(np.clip(GREY + factor * difference, 0, 255)).astype(np.uint8)


def show(axes: Axes, picture: np.ndarray, title: str) -> None:
    """A picture uint8 (h, w, 3) at its own colours: fewer would differ more than an attack does."""
    shown = enlarged(picture, enlargement(picture, TILE))
    axes.imshow(shown, interpolation="none")
    axes.set_axis_off()
    axes.set_title(title, fontsize=7)


def draw_trace(axes: Axes, trace: np.ndarray, example: dict[str, Any]) -> None:
    """Probability of the class named at first and of the target, before each iteration."""
    lines = (
        (0, f"{example['before']['named']}, named at first", style.ORANGE),
        (1, f"{example['target']}, the target", style.BLUE),
    )
    for column, label, colour in lines:
        axes.plot(trace[:, column], color=colour, marker="o", markersize=2.5, label=label)
    if example["reached"]:
        axes.axvline(example["iterations"], color=style.INK, linewidth=0.8, linestyle=":", label="boundary")
    axes.set(ylim=(-0.03, 1.03), xlabel="iterations", ylabel="probability")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    style.percent(axes.yaxis)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 0.98), ncols=3)


def draw_survival(networks: list[dict[str, Any]], outputs: Outputs) -> None:
    """Share of attacks that still work after rounding and JPEG; in grey JPEG of the clean pictures."""
    figure = style.figure(style.TEXT_WIDTH, 3.5)
    grid = figure.subplots(len(QUESTIONS), len(networks), sharex=True, sharey=True, squeeze=False)
    for column, network in enumerate(networks):
        grid[0, column].set_title(network["title"])
        for row, (question, words) in enumerate(QUESTIONS):
            axes = grid[row, column]
            for shift, (stop, label, colour, marker) in zip((-0.12, 0.12), STOPS, strict=True):
                shares = [way[question] for way in network[stop]["treatments"]]
                points(axes, np.arange(len(shares)) + shift, shares, colour, marker, label)
            axes.set_ylim(-0.04, 1.04)
            style.percent(axes.yaxis)
            if column == 0:
                axes.set_ylabel(words)
        titles = [way["title"] for way in network["boundary"]["treatments"]]
        places = [titles.index(way["title"]) for way in network["untouched"]]
        shares = [way["changed"] for way in network["untouched"]]
        points(grid[-1, column], places, shares, style.GREY, "D", "clean picture, no attack")
        grid[-1, column].set_xticks(range(len(titles)), [WAYS[title] for title in titles])
    handles, labels = grid[-1, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(handles))
    style.save(figure, outputs, "survival")


def points(
    axes: Axes, x: Any, shares: list[dict[str, float]], colour: str, marker: str, label: str
) -> None:
    """Shares as dots, joined, with their intervals."""
    value, low, high = (np.array([share[end] for share in shares]) for end in ("value", "low", "high"))
    axes.errorbar(
        x, value, yerr=np.maximum([value - low, high - value], 0), fmt=f"{marker}-", color=colour,
        label=label, capsize=2.5, elinewidth=0.9, linewidth=0.8, markersize=4,
    )  # fmt: skip


def draw_budgets(networks: list[dict[str, Any]], outputs: Outputs) -> None:
    """Accuracy against the budget, with one step and with many; the dashed line is without an attack."""
    figure = style.figure(style.TEXT_WIDTH, 2.5)
    panels = figure.subplots(1, len(networks), sharey=True, squeeze=False)[0]
    for axes, network in zip(panels, networks, strict=True):
        budgets = [row["budget"] for row in network["budgets"]]
        for shift, (name, label, colour, marker) in zip((0.96, 1.04), ATTACKS, strict=True):
            shares = [row[name]["accuracy"] for row in network["budgets"]]
            points(axes, shift * np.array(budgets), shares, colour, marker, label)
        axes.axhline(
            network["clean"]["accuracy"]["value"], color=style.INK, linestyle="--", linewidth=0.8,
            label="no attack",
        )  # fmt: skip
        axes.set_xscale("log", base=2)
        axes.set_xticks(budgets, [f"{budget:g}" for budget in budgets])
        axes.minorticks_off()
        axes.set(title=network["title"], xlabel="budget ε in grey levels", ylim=(-0.04, 1.04))
        style.percent(axes.yaxis)
    panels[0].set_ylabel("accuracy")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(handles))
    style.save(figure, outputs, "budgets")


def draw_pixels(results: list[Result], outputs: Outputs) -> None:
    """Of each network the picture that one pixel changed most, without and with it; a ring marks it."""
    figure = style.figure(style.TEXT_WIDTH, ROW * -(-len(results) // 2))
    grid = figure.subplots(-(-len(results) // 2), 4, squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for index, result in enumerate(results):
        metrics = result.metrics
        attempt = metrics["attempts"][metrics["shown"]]
        left, right = grid[index // 2, 2 * (index % 2) : 2 * (index % 2) + 2]
        true = attempt["true"]
        show(
            left,
            np.asarray(result.array("original")),
            f"{metrics['title']}\n{told(true, attempt['before'])}",
        )
        verdict = f"named {attempt['named']}" if attempt["fooled"] else "still named so"
        show(right, np.asarray(result.array("fooled")), f"{verdict}\n{told(true, attempt['after'])}")
        times = enlargement(result.array("original"), TILE)
        centre = ((attempt["column"] + 0.5) * times, (attempt["row"] + 0.5) * times)
        right.add_patch(Circle(centre, 9, fill=False, edgecolor=style.VERMILION, linewidth=1.2))
    style.save(figure, outputs, "one-pixel")
