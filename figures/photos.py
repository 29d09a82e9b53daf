"""Chapter 1, photos: what networks say of them, how sure, and what the first layer makes of them."""

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from PIL import Image

from figures import style
from figures.pictures import enlarged, few_colours, fitted, square
from report.stage import Inputs, Outputs, Result

TILE = 100  # pixels of a photo in print, under an inch
COLOURS = 32  # of a photo in print: uncompressed colours would make each page a megabyte
MAP_TILE, FILTER_TILE = 48, 24  # pixels of a map and of a filter in print
GAP = 3  # pixels between them
LEVELS = 33  # steps of the maps' colour scale, an odd number: the middle one is zero
DIVERGING = "PuOr_r"
KINDS = (("trained", style.BLUE, "o"), ("shuffled", style.ORANGE, "s"), ("random", style.FAINT, "D"))
KIND_LABELS = {"trained": "trained", "shuffled": "weights in random order", "random": "noise"}


def draw(inputs: Inputs, outputs: Outputs) -> None:
    """Writes predictions-<network>, calibration, and of each convolutional network filters-<network>,
    maps-<network>-<photo's index>; stability."""
    said, seen = inputs["transfer/predictions"], inputs["transfer/activation_maps"]
    for network in said.metrics["networks"]:
        draw_predictions(said, network, outputs)
    draw_calibration(said, outputs)
    convolutional = seen.metrics["networks"]
    for network in convolutional:
        draw_filters(seen, network, outputs)
        for index, photo in enumerate(seen.metrics["photos"]):
            draw_maps(seen, network, index, photo["title"], outputs)
    if convolutional:
        draw_stability(convolutional, outputs)


def draw_predictions(said: Result, network: dict[str, Any], outputs: Outputs) -> None:
    """A row a photo: the original, what the network sees, its five classes; the true one is marked."""
    answers = network["answers"]
    images = said.array(network["images"])
    figure = style.figure(style.TEXT_WIDTH, 0.3 + 1.0 * len(answers))
    grid = figure.subplots(len(answers), 3, squeeze=False, width_ratios=(1.15, 1, 3.6))
    for index, answer in enumerate(answers):
        original, squeezed, bars = grid[index]
        show_photo(original, np.asarray(said.array(f"photo-{index}")))
        show_photo(squeezed, np.asarray(images[index]))
        draw_answer(bars, answer)
    side = network["image_size"]
    titles = ("photo", f"as seen, {side} × {side}", "probability of the first five classes")
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title)
    style.save(figure, outputs, f"predictions-{network['slug']}")


def show_photo(axes: Axes, pixels: np.ndarray) -> AxesImage:
    """A photo in a palette of its own and few pixels: a page of them stays small."""
    axes.set_axis_off()
    few = few_colours(fitted(pixels, TILE), COLOURS)
    return axes.imshow(few, interpolation="none")


def draw_answer(axes: Axes, answer: dict[str, Any]) -> None:
    """Bars of the five probabilities, each with its class; the photo's class is filled and ticked."""
    for place, guess in enumerate(answer["top"]):
        true = guess["name"] == answer["true"]
        share = guess["probability"]
        axes.barh(place, share, height=0.78, color=style.BLUE if true else style.FAINT)
        told = f"{100 * share:.1f} %" if share >= 0.0005 else "< 0.1 %"
        words = f"{guess['name']}  {told}" + ("  ✓" if true else "")
        inside = share > 0.55
        axes.text(
            share - 0.01 if inside else share + 0.01, place, words, va="center", fontsize=7,
            ha="right" if inside else "left", color="white" if inside and true else style.INK,
            fontweight="bold" if true else "normal",
        )  # fmt: skip
    axes.set_xlim(0, 1)
    axes.set_ylim(4.5, -0.5)
    axes.set_yticks([])
    axes.set_xticks([])
    axes.spines[["bottom"]].set_visible(False)
    known = f"true class: {answer['true']}" if answer["true"] else f"{answer['title']}: no true class given"
    if answer["true"] is None or answer["true"] not in [guess["name"] for guess in answer["top"]]:
        axes.text(1, 4.4, known, ha="right", va="bottom", fontsize=7, color=style.VERMILION)


def draw_calibration(said: Result, outputs: Outputs) -> None:
    """Accuracy in each bin of confidence, the area of a point by the number of photos in it."""
    networks = said.metrics["networks"]
    figure = style.figure(style.TEXT_WIDTH, 2.3)
    panels = figure.subplots(1, len(networks), sharey=True, squeeze=False)[0]
    for axes, network in zip(panels, networks, strict=True):
        counts, confidence, accuracy = np.asarray(said.array(network["reliability"]))
        full = counts > 0
        axes.plot([0, 1], [0, 1], color=style.FAINT, linewidth=1)
        axes.scatter(
            confidence[full], accuracy[full], s=6 + 160 * counts[full] / counts.sum(),
            color=style.BLUE, edgecolor="white", linewidth=0.5,
        )  # fmt: skip
        axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), title=network["title"], xlabel="confidence")
        axes.set_aspect("equal")
        style.percent(axes.xaxis)
        style.percent(axes.yaxis)
    panels[0].set_ylabel("accuracy")
    style.save(figure, outputs, "calibration")


def draw_filters(seen: Result, network: dict[str, Any], outputs: Outputs) -> None:
    """The filters in colour, each scaled by its own largest weight; middle grey is zero.

    The most and the least stable filter are framed.
    """
    kernels = np.asarray(seen.array(network["kernels"]))
    scale = np.abs(kernels).max(axis=(1, 2, 3), keepdims=True)
    tiles = np.transpose(0.5 + 0.5 * kernels / scale, (0, 2, 3, 1))
    tiles = enlarged(tiles, -(-FILTER_TILE // tiles.shape[1]))
    figure = style.figure(style.HALF_WIDTH, style.HALF_WIDTH)
    axes = figure.subplots()
    axes.imshow(mosaic(tiles, 1.0), interpolation="none")
    number_tiles(axes, len(tiles), tiles.shape[1])
    for name, colour in (("most_stable", style.BLUE), ("least_stable", style.VERMILION)):
        frame(axes, network["many"][name], len(tiles), tiles.shape[1], colour)
    style.save(figure, outputs, f"filters-{network['slug']}")


def draw_maps(seen: Result, network: dict[str, Any], index: int, title: str, outputs: Outputs) -> None:
    """Each filter's responses to one photo before the ReLU; one scale for all photos of the network."""
    maps = np.asarray(seen.array(network["maps"])[index], dtype=np.float32)
    tiles = np.stack([shrink(tile) for tile in maps])
    limit = network["limit"]
    figure = style.figure(style.HALF_WIDTH, style.HALF_WIDTH + 0.35)
    axes = figure.subplots()
    colours = colormaps[DIVERGING].resampled(LEVELS)
    picture = axes.imshow(
        mosaic(tiles, np.nan), cmap=colours, vmin=-limit, vmax=limit, interpolation="none"
    )
    number_tiles(axes, len(tiles), tiles.shape[1])
    axes.set_title(title)
    bar = figure.colorbar(picture, ax=axes, location="bottom", shrink=0.8, aspect=30, pad=0.02)
    bar.set_label("response before the ReLU", fontsize=7)
    bar.ax.tick_params(labelsize=6.5)
    style.save(figure, outputs, f"maps-{network['slug']}-{index}")


def shrink(tile: np.ndarray) -> np.ndarray:
    """A map at the size it is printed at, by the mean over the pixels that fall together."""
    if max(tile.shape) <= MAP_TILE:
        return tile
    return square(tile, MAP_TILE, shrink=Image.Resampling.BOX)


def mosaic(tiles: np.ndarray, fill: float) -> np.ndarray:
    """Square tiles (n, side, side, …) in about as many rows as columns, `fill` between them."""
    side, columns = tiles.shape[1], columns_of(len(tiles))
    rows = -(-len(tiles) // columns)
    shape = (rows * (side + GAP) - GAP, columns * (side + GAP) - GAP, *tiles.shape[3:])
    picture = np.full(shape, fill, dtype=np.float32)
    for index, tile in enumerate(tiles):
        top, left = (place * (side + GAP) for place in divmod(index, columns))
        picture[top : top + side, left : left + side] = tile
    return picture


def columns_of(count: int) -> int:
    return int(np.ceil(np.sqrt(count)))


def number_tiles(axes: Axes, count: int, side: int) -> None:
    """Number the columns and rows of a mosaic: the two together are a tile's index."""
    columns = columns_of(count)
    rows = -(-count // columns)
    middles = np.arange(columns) * (side + GAP) + (side - 1) / 2
    axes.set_xticks(middles, [str(column) for column in range(columns)])
    axes.set_yticks(middles[:rows], [str(row * columns) for row in range(rows)])
    axes.tick_params(length=0, labelsize=6.5, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    axes.grid(visible=False)


def frame(axes: Axes, index: int, count: int, side: int, colour: str) -> None:
    top, left = (place * (side + GAP) - 0.5 - GAP / 2 for place in divmod(index, columns_of(count)))
    axes.add_patch(
        Rectangle(
            (left, top), side + GAP, side + GAP, fill=False, edgecolor=colour, linewidth=1.6, clip_on=False
        )
    )


def draw_stability(networks: list[dict[str, Any]], outputs: Outputs) -> None:
    """Trained filters beside untrained ones: how alike their order is on any two photos, and how much
    a filter's part varies."""
    figure = style.figure(style.TEXT_WIDTH, 1.1 + 0.55 * len(networks))
    panels = figure.subplots(1, 2, sharey=True)
    for row, network in enumerate(networks):
        for step, (kind, colour, marker) in enumerate(KINDS):
            for axes, key in zip(panels, ("correlation", "variation"), strict=True):
                found = network["many"]
                value = low = high = found[key]
                if kind != "trained":
                    value, low, high = (found[kind][key][end] for end in ("value", "low", "high"))
                axes.errorbar(
                    value, row + 0.22 * (step - 1), xerr=[[value - low], [high - value]], fmt=marker,
                    color=colour, label=KIND_LABELS[kind] if row == 0 else None,
                    capsize=2.5, elinewidth=1,
                )  # fmt: skip
    panels[0].set_yticks(range(len(networks)), [network["title"] for network in networks])
    panels[0].set_ylim(len(networks) - 0.5, -0.5)
    panels[0].set_xlabel("mean rank correlation of two photos")
    panels[1].set_xlabel("median variation of a filter's part")
    style.percent(panels[1].xaxis)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    style.save(figure, outputs, "stability")
