"""Chapter 2, class visualisation: panels of drawn pictures, and what networks say of them on the way."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures import style
from figures.pictures import few_colours, fitted
from report.stage import Inputs, Outputs, Result

STAGE = "visualize/class_visualization"
TILE = 150  # pixels of a picture in print, about an inch
COLOURS = 64  # of a picture in print: with all of them a page would take megabytes
TITLE = 0.3  # inches over a picture for two lines
WIDE = 4  # columns of `networks` side by side; the others follow below
TALLEST = 7.4  # inches of it, so that its caption stays on the page
START, END = 0, -1

# A tile is a variant, one of its marks and a title; marks that a short run does not reach are its end.
Tile = tuple[str, int, str]
PANELS: dict[str, tuple[tuple[Tile, ...], ...]] = {
    "penalty": (
        (
            ("l2-none", END, "no penalty"),
            ("l2-low", END, "{l2} ‖x‖"),
            ("baseline", END, "{l2} ‖x‖"),
            ("l2-high", END, "{l2} ‖x‖"),
            ("l2-high-long", END, "{l2} ‖x‖,\n{after} iterations"),
        ),
        (
            ("squared-low", END, "{l2} ‖x‖²"),
            ("squared", END, "{l2} ‖x‖²"),
            ("squared-high", END, "{l2} ‖x‖²"),
        ),
    ),
    "blur": (
        (
            ("blur-often", END, "every {every}"),
            ("baseline", END, "every {every}"),
            ("blur-none", END, "never"),
        ),
    ),
    "rate": (
        (
            ("rate-low", 1, "η = {rate}"),
            ("rate-low-long", END, "η = {rate},\n{after} iterations"),
            ("baseline", END, "η = {rate}"),
            ("rate-high", END, "η = {rate}"),
            ("normalised", END, "η = {rate},\nsteps of this length"),
        ),
    ),
    "iterations": (
        (
            ("long", 1, "{after} iterations"),
            ("long", 2, "{after} iterations"),
            ("long", END, "{after} iterations"),
            ("free", END, "{after} iterations,\nnot regularised"),
        ),
    ),
    "starts": (
        (
            ("from-itself", START, "start: {start}"),
            ("from-itself", END, "{target}\nfrom this picture"),
            ("long", 1, "{target}\nfrom noise"),
            ("on-ground", START, "start: {start}"),
            ("on-ground", END, "{target}\nfrom this picture"),
            ("drawn", END, "{target}\nfrom noise"),
        ),
    ),
    "grid": tuple(
        (
            (f"grid-{rate}-weak", 1, "η = {rate}, {l2} ‖x‖,\n{after} iterations"),
            (f"grid-{rate}-weak", 2, "η = {rate}, {l2} ‖x‖,\n{after} iterations"),
            (f"grid-{rate}-weak", END, "η = {rate}, {l2} ‖x‖,\n{after} iterations"),
            (f"grid-{rate}-strong", END, "η = {rate}, {l2} ‖x‖,\n{after} iterations"),
        )
        for rate in (1, 5, 25)
    ),
}
NETWORKS: tuple[Tile, ...] = (  # a row a network
    ("baseline", END, "{target}"),
    ("wombat-short", END, "{target}"),
    ("wombat-barely", END, "{target},\nblur {every}"),
    ("grid-5-weak", END, "{target},\nη = {rate}"),
    ("grid-25-weak", END, "{target},\nη = {rate}"),
    ("on-ground", END, "{target}\nfrom {start}"),
    ("free", END, "{target},\nnot regularised"),
)
CURVES = {  # variant -> colour, line, name
    "baseline": (style.INK, "-", "baseline"),
    "blur-often": (style.BLUE, "-", "blurred every {every}"),
    "blur-none": (style.VERMILION, "-", "never blurred"),
    "rate-low": (style.GREEN, "--", "η = {rate}"),
    "squared-high": (style.PURPLE, "-.", "penalty {l2} ‖x‖²"),
    "long": (style.SKY, "-", "blurred every {every}, λ = {l2}"),
}
MEASURES = (  # column of a trace, what it is, whether it is a fraction
    (1, "probability,\n{own}", True),
    (3, "probability,\n{others}", True),
    (2, "class score", False),
    (4, "total variation, grey levels", False),
)


def draw(inputs: Inputs, outputs: Outputs) -> None:
    """Writes networks and of each network curves-, seeds- and the panels' names with `-<network>`.

    A panel leaves out the variants that the network did not run, and a stage that is shown already
    because the run was short; with fewer than two tiles it is not drawn.
    """
    results = inputs.all(STAGE)
    for result in results:
        slug = result.metrics["slug"]
        for name, rows in PANELS.items():
            draw_panel([pictures_of(result, row) for row in rows], f"{name}-{slug}", outputs)
        variants = result.metrics["variants"]
        if "baseline" in variants:
            seeds = [
                look(result, "baseline", END, f"seed {n + 1}", n)
                for n in range(variants["baseline"]["seeds"])
            ]
            draw_panel([seeds], f"seeds-{slug}", outputs)
        draw_curves(result, outputs)
    draw_networks(results, outputs)


Picture = tuple[np.ndarray, str]


def pictures_of(result: Result, row: Sequence[Tile]) -> list[Picture]:
    """The pictures (size, size, 3) of a row and their titles: of the variants that were run, each once."""
    variants = result.metrics["variants"]
    places: dict[tuple[str, int], str] = {}
    for name, mark, title in row:
        if name in variants:
            last = len(variants[name]["marks"]) - 1
            places.setdefault((name, last if mark == END else min(mark, last)), title)
    return [look(result, name, place, title) for (name, place), title in places.items()]


def look(result: Result, name: str, place: int, title: str, seed: int = 0) -> Picture:
    """The picture of a variant at one of its marks, with its title."""
    drawn = result.metrics["variants"][name]
    pixels = np.asarray(result.array(drawn["pictures"])[seed, place])
    return pixels, title.format(after=f"{drawn['marks'][place]['iteration']:,}", **words(drawn))


def words(drawn: dict[str, Any]) -> dict[str, str]:
    """The settings of a variant as titles name them."""
    return {
        "l2": power(drawn["l2"]),
        "rate": f"{drawn['learning_rate']:g}",
        "every": str(drawn["blur_every"]),
        "start": drawn["start"],
        "target": drawn["target"],
    }


def power(number: float) -> str:
    """`0.001`, and of what is smaller a power of ten as the text has it, in mathtext."""
    factor, _, exponent = f"{number:g}".partition("e")
    if not exponent:
        return factor
    before = "" if factor == "1" else rf"{factor} \cdot "
    return f"${before}10^{{{int(exponent)}}}$"


def draw_panel(rows: Sequence[Sequence[Picture]], name: str, outputs: Outputs) -> None:
    """Tiles of one size in rows, each titled."""
    kept = [row for row in rows if row]
    if sum(map(len, kept)) < 2:
        return
    columns = max(map(len, kept))
    side = min(style.TEXT_WIDTH / columns, 1.3)
    figure, grid = tiles(len(kept), columns, side, len(kept))
    for index, row in enumerate(kept):
        for axes, (pixels, title) in zip(grid[index], row, strict=False):
            show(axes, pixels)
            axes.set_title(title, fontsize=6.8, pad=2.5)
    style.save(figure, outputs, name)


def draw_networks(results: Sequence[Result], outputs: Outputs) -> None:
    """A row a network, `WIDE` columns side by side and the others below; titles once, above their column.

    A network that did not run a column's variant leaves its place empty.
    """
    columns = [tile for tile in NETWORKS if any(pictures_of(result, [tile]) for result in results)]
    if len(columns) < 2:
        return
    height = -(-len(columns) // WIDE)
    rows = height * len(results)
    side = min(style.TEXT_WIDTH / WIDE, (TALLEST - height * TITLE) / rows)
    figure, grid = tiles(rows, min(WIDE, len(columns)), side, height)
    for place, tile in enumerate(columns):
        top, column = place // WIDE * len(results), place % WIDE
        found = [pictures_of(result, [tile]) for result in results]
        for axes, picture in zip(grid[top:, column], found, strict=False):
            for pixels, _ in picture:
                show(axes, pixels)
        titles = [title for picture in found for _, title in picture]
        grid[top, column].set_title(titles[0], fontsize=7.5, pad=2.5)
    for index, axes in enumerate(grid[:, 0]):
        axes.text(
            -0.04, 0.5, results[index % len(results)].metrics["title"].replace(" ", "\n"), rotation=90,
            ha="right", va="center", multialignment="center", fontsize=7.5, transform=axes.transAxes,
        )  # fmt: skip
    style.save(figure, outputs, "networks")


def tiles(rows: int, columns: int, side: float, titled: int) -> tuple[Figure, np.ndarray]:
    """A figure and its axes (rows, columns), `side` inches each; `titled` of the rows have titles."""
    figure = style.figure(side * columns, rows * side + titled * TITLE)
    grid = figure.subplots(rows, columns, squeeze=False)
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0.02, hspace=0.02)  # type: ignore[union-attr]  # constrained
    for axes in grid.flat:
        axes.set_axis_off()
    return figure, grid


def show(axes: Axes, pixels: np.ndarray) -> None:
    """A picture (size, size, 3) in print."""
    axes.imshow(few_colours(fitted(pixels, TILE), COLOURS), interpolation="none")


def draw_curves(result: Result, outputs: Outputs) -> None:
    """What was measured against the iterations: the mean over the seeds, with their range."""
    variants = result.metrics["variants"]
    judges = result.metrics["others"]
    others = judges[0] if len(judges) == 1 else "mean of other networks"
    figure = style.figure(style.TEXT_WIDTH, 4.3)
    grid = figure.subplots(2, 2, sharex=True)
    for axes, (column, label, fraction) in zip(grid.flat, MEASURES, strict=True):
        for name in CURVES:
            if name in variants:
                draw_curve(axes, variants[name], result, name, column)
        axes.set_ylabel(label.format(own=result.metrics["title"], others=others))
        axes.set_xscale("symlog", linthresh=1, linscale=0.5)
        axes.xaxis.set_major_formatter("{x:,.0f}")
        if fraction:
            axes.set_ylim(-0.03, 1.03)
            style.percent(axes.yaxis)
    for axes in grid[-1]:
        axes.set_xlabel("iterations")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    style.save(figure, outputs, f"curves-{result.metrics['slug']}")


def draw_curve(axes: Axes, drawn: dict[str, Any], result: Result, name: str, column: int) -> None:
    """One variant: a line for the mean, a band from the least to the greatest seed."""
    colour, line, label = CURVES[name]
    trace = np.asarray(result.array(drawn["trace"]))
    iterations, values = trace[0, :, 0], trace[:, :, column]
    axes.fill_between(iterations, values.min(0), values.max(0), color=colour, alpha=0.15, linewidth=0)
    axes.plot(iterations, values.mean(0), line, color=colour, label=label.format(**words(drawn)))
