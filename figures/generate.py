"""Chapter 4: pictures from generators over time and by variant, of given digits, and between noises."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from figures import generate_curves, generate_measures, style
from figures.sheets import labelled, sheet, show, square_of
from report.stage import Inputs, Outputs, Result

SHOWN = 6  # moments of the training
SIDE = 5  # pictures to a side where many sheets share a page
COLUMNS = 4  # sheets side by side
PAIRS = 4  # interpolations of each kind
PICTURE = 0.5  # inches of a picture at most


def draw(inputs: Inputs, outputs: Outputs) -> None:
    """Writes over-time, variants, given, columns, between, and what the other two modules draw."""
    results = inputs.all("generate/dcgan")
    conditional = inputs["generate/cdcgan"]
    draw_over_time(named(results, "default"), outputs)
    draw_variants(results, outputs)
    draw_given(conditional, outputs)
    draw_columns(conditional, outputs)
    draw_between(inputs["generate/noise"], outputs)
    generate_curves.draw(results, outputs)
    generate_measures.draw(inputs["generate/measures"].metrics, results, outputs)


def named(results: Sequence[Result], slug: str) -> Result:
    return next(result for result in results if result.metrics["slug"] == slug)


def draw_over_time(result: Result, outputs: Outputs) -> None:
    """The same noises at a few moments of the training, from the first to the last."""
    frames, iterations = np.asarray(result.array("frames")), result.metrics["displayed"]
    places = np.unique(np.linspace(0, len(frames) - 1, min(SHOWN, len(frames))).round().astype(int))
    tiles = []
    for place in places:
        pictures, columns = square_of(frames[place], 8)
        unit = "iteration" if iterations[place] == 1 else "iterations"
        tiles.append((sheet(pictures, columns), f"{iterations[place]:,} {unit}"))
    draw_tiles(tiles, 3, "over-time", outputs)


def draw_variants(results: Sequence[Result], outputs: Outputs) -> None:
    """Pictures of the first seed of each variant at the end of its training."""
    tiles = []
    for result in results:
        pictures, columns = square_of(np.asarray(result.array("samples")[0]), SIDE)
        tiles.append((sheet(pictures, columns), result.metrics["title"]))
    draw_tiles(tiles, COLUMNS, "variants", outputs)


def draw_tiles(tiles: Sequence[tuple[np.ndarray, str]], columns: int, name: str, outputs: Outputs) -> None:
    """Sheets of one size in rows, each titled."""
    rows, side = -(-len(tiles) // columns), style.TEXT_WIDTH / columns
    figure = style.figure(style.TEXT_WIDTH, rows * (side + 0.12))
    grid = figure.subplots(rows, columns, squeeze=False)
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0.01, hspace=0.01)  # type: ignore[union-attr]  # constrained
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, (pixels, title) in zip(grid.flat, tiles, strict=False):
        show(axes, pixels)
        axes.set_title(title, fontsize=7.5, pad=2.5)
    style.save(figure, outputs, name)


def draw_given(result: Result, outputs: Outputs) -> None:
    """The last frame of each conditional variant: a column a digit, a row a noise."""
    variants = result.metrics["variants"]
    figure = style.figure(style.TEXT_WIDTH, 3.0)
    for axes, variant in zip(figure.subplots(1, len(variants), squeeze=False)[0], variants, strict=True):
        pixels = sheet(np.asarray(result.array(f"{variant['slug']}-frames")[-1]), 10)
        axes.imshow(pixels, interpolation="none")
        digits_above(axes, pixels)
        axes.set_title(variant["title"])
    style.save(figure, outputs, "given")


def digits_above(axes: Axes, pixels: np.ndarray) -> None:
    """The ten digits above a sheet's columns."""
    step = (pixels.shape[1] + 1) / 10
    axes.set_xticks([step * (digit + 0.5) - 1 for digit in range(10)], [str(digit) for digit in range(10)])
    axes.set_yticks([])
    axes.tick_params(length=0, labeltop=True, labelbottom=False, pad=1)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def draw_columns(result: Result, outputs: Outputs) -> None:
    """Question 9's grid: a row a digit, a column a noise that all rows share."""
    for variant in result.metrics["variants"]:
        grid = np.asarray(result.array(f"{variant['slug']}-columns"))
        rows, columns, size = grid.shape[:3]
        pixels = sheet(grid.reshape(rows * columns, size, size), columns)
        figure = style.figure(style.TEXT_WIDTH * 0.85, style.TEXT_WIDTH * 0.85 * rows / columns)
        labelled(figure.subplots(), pixels, [str(digit) for digit in range(rows)])
        style.save(figure, outputs, f"columns-{variant['slug']}")


def draw_between(noise: Result, outputs: Outputs) -> None:
    """From one noise to another, on the straight line and on the sphere: a row a pair."""
    line, sphere = (np.asarray(noise.array(kind)[:PAIRS]) for kind in ("line", "sphere"))
    pairs, steps, size = line.shape[:3]
    both = np.stack([line, sphere], axis=1).reshape(2 * pairs * steps, size, size)
    side = min(PICTURE, style.TEXT_WIDTH * 0.76 / steps)
    figure = style.figure(side * steps + 0.5, side * 2 * pairs)
    labelled(figure.subplots(), sheet(both, steps), ["line", "sphere"] * pairs)
    style.save(figure, outputs, "between")
