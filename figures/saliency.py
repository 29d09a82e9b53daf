"""Chapter 2, saliency: maps of the pixels that answers depend on, and what the maps are worth."""

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image

from figures import style
from figures.pictures import few_colours, square
from report.stage import Inputs, Outputs, Result

TILE = 110  # pixels of a tile that is printed at about an inch
GAP = 4  # pixels between tiles
COLOURS = 256  # of a sheet of tiles, which a PDF then keeps as one byte a pixel
CLIP = 99  # percent: where a map's scale ends, since a few pixels stand far above the rest
SCALE = colormaps["inferno"]
IN_A_ROW = 5  # pictures, as in the practical
ROW_WIDTH = 4.7  # inches: two rows of pictures with their maps fit a page
TRIPLES, SMALL = 4, 66  # pictures beside each other on the sheet of all, and pixels of their tiles
LOOKS: dict[str, dict[str, Any]] = {
    "gradient": {"color": style.BLUE},
    "smooth_grad": {"color": style.SKY},
    "integrated": {"color": style.GREEN},
    "grad_cam": {"color": style.VERMILION},
    "centre": {"color": style.INK, "linestyle": (0, (4, 2))},
    "edges": {"color": style.INK, "linestyle": (0, (1, 1.2))},
    "random": {"color": style.FAINT},
}


def draw(inputs: Inputs, outputs: Outputs) -> None:
    """Writes of each network consistent-, inconsistent- (where there are any), methods- and all-<network>;
    curves, randomisation."""
    found = inputs.all("visualize/saliency")
    for result in found:
        slug = result.metrics["slug"]
        for name, wanted in (("consistent", True), ("inconsistent", False)):
            chosen = [p for p in result.metrics["pictures"] if p["consistent"] == wanted][:IN_A_ROW]
            if chosen:
                draw_row(result, chosen, outputs, f"{name}-{slug}")
        draw_methods(result, outputs, f"methods-{slug}")
        draw_all(result, outputs, f"all-{slug}")
    draw_curves(found, outputs)
    draw_randomisation(found, outputs)


def heat(values: np.ndarray, side: int) -> np.ndarray:
    """A map (size, size) as a tile uint8 (side, side, 3): black is 0, the scale ends at a percentile.

    A map of zeros is black.
    """
    values = np.asarray(values, dtype=np.float32)
    top = np.percentile(values, CLIP)
    shares = np.clip(values / top, 0, 1) if top > 0 else (values > 0).astype(np.float32)
    small = square(shares, side, shrink=Image.Resampling.BOX)
    return (255 * SCALE(small)[..., :3]).astype(np.uint8)


def sheet(tiles: list[list[np.ndarray]], columns: int) -> np.ndarray:
    """Rows of square tiles on white, each row filled up to `columns`, in few colours."""
    side = len(tiles[0][0])
    step = side + GAP
    pixels = np.full((len(tiles) * step - GAP, columns * step - GAP, 3), 255, dtype=np.uint8)
    for row, line in enumerate(tiles):
        for column, tile in enumerate(line):
            pixels[row * step : row * step + side, column * step : column * step + side] = tile
    return few_colours(Image.fromarray(pixels), COLOURS)


def show_sheet(figure: Figure, pixels: np.ndarray, left: float, top: float) -> Axes:
    """A sheet across the figure, with `left` and `top` inches free; the axes count its pixels."""
    width, height = figure.get_size_inches()
    figure.set_layout_engine("none")
    axes = figure.add_axes((left / width, 0, 1 - left / width, 1 - top / height))
    axes.imshow(pixels, interpolation="none", aspect="auto")
    axes.set_axis_off()
    return axes


def height_of(pixels: np.ndarray, width: float) -> float:
    """Printed inches of a sheet that is `width` wide."""
    return width * pixels.shape[0] / pixels.shape[1]


def names(axes: Axes, picture: dict[str, Any], x: float, y: float) -> None:
    """The true class, and below it the predicted one: blue where it is right, else vermilion."""
    told = style.BLUE if picture["right"] else style.VERMILION
    below: Any = {"ha": "left", "va": "bottom", "fontsize": 6.5, "clip_on": False}
    axes.text(x, y, f"{short(picture['true'])}\n", color=style.INK, **below)
    axes.text(x, y, f"→ {short(picture['predicted'])}", color=told, **below)


def short(name: str, most: int = 18) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def draw_row(result: Result, pictures: list[dict[str, Any]], outputs: Outputs, name: str) -> None:
    """Up to five pictures with the gradient's maps for their true and their predicted class."""
    places = [picture["index"] for picture in pictures]
    images, true, said = (result.array(key) for key in ("images", "maps-true", "maps-gradient"))
    tiles = [[square(np.asarray(images[index]), TILE) for index in places]]
    tiles += [[heat(maps[index], TILE) for index in places] for maps in (true, said)]
    pixels = sheet(tiles, IN_A_ROW)
    left, top = 0.2, 0.32
    figure = style.figure(ROW_WIDTH, top + height_of(pixels, ROW_WIDTH - left))
    axes = show_sheet(figure, pixels, left, top)
    step = TILE + GAP
    for column, picture in enumerate(pictures):
        names(axes, picture, column * step, -6)
    for row, label in enumerate(("picture", "true class", "predicted class")):
        middle = row * step + TILE / 2
        axes.text(-6, middle, label, rotation=90, ha="right", va="center", fontsize=7, clip_on=False)
    style.save(figure, outputs, name)


def draw_methods(result: Result, outputs: Outputs, name: str) -> None:
    """The pictures with the largest and the smallest margin, and every method's maps of them."""
    metrics = result.metrics
    ordered = sorted(metrics["pictures"], key=lambda picture: picture["margin"])
    shown = [ordered[-1], ordered[0]]
    methods = [key for key in metrics["methods"] if key != "random"]
    tiles = []
    for picture in shown:
        index = picture["index"]
        maps = [heat(result.array(f"maps-{key}")[index], TILE) for key in methods]
        tiles.append([square(np.asarray(result.array("images")[index]), TILE), *maps])
    pixels = sheet(tiles, 1 + len(methods))
    top = 0.3
    figure = style.figure(style.TEXT_WIDTH, top + height_of(pixels, style.TEXT_WIDTH))
    axes = show_sheet(figure, pixels, 0, top)
    titles = ["picture", *(metrics["methods"][key]["title"].replace(" ", "\n") for key in methods)]
    for column, title in enumerate(titles):
        middle = column * (TILE + GAP) + TILE / 2
        axes.text(middle, -6, title, ha="center", va="bottom", fontsize=7, linespacing=0.95)
    style.save(figure, outputs, name)


def draw_all(result: Result, outputs: Outputs, name: str) -> None:
    """Every picture with its two maps, several in a row; a tick marks the consistent maps."""
    pictures = result.metrics["pictures"]
    images, true, said = (result.array(key) for key in ("images", "maps-true", "maps-gradient"))
    rows = [pictures[start : start + TRIPLES] for start in range(0, len(pictures), TRIPLES)]
    column_width = style.TEXT_WIDTH / TRIPLES
    tall = column_width / 3 + 0.32  # a row of tiles and two lines of names
    figure = style.figure(style.TEXT_WIDTH, tall * len(rows))
    figure.set_layout_engine("none")
    for row, line in enumerate(rows):
        for column, picture in enumerate(line):
            index = picture["index"]
            tiles = [
                square(np.asarray(images[index]), SMALL),
                heat(true[index], SMALL),
                heat(said[index], SMALL),
            ]
            place = (
                column / TRIPLES, 1 - (row + 1) / len(rows),
                1 / TRIPLES - 0.02, (tall - 0.32) / tall / len(rows) * 0.94,
            )  # fmt: skip
            axes = figure.add_axes(place)
            pixels = sheet([tiles], 3)
            axes.imshow(pixels, interpolation="none", aspect="auto")
            axes.set_axis_off()
            names(axes, picture, 0, -3)
            if picture["consistent"]:
                axes.text(pixels.shape[1], -3, "✓", ha="right", va="bottom", fontsize=7, clip_on=False)
    style.save(figure, outputs, name)


def draw_curves(found: list[Result], outputs: Outputs) -> None:
    """The mean curves of insertion and deletion, a row a network."""
    figure = style.figure(style.TEXT_WIDTH, 0.55 + 1.9 * len(found))
    grid = figure.subplots(len(found), 2, sharex=True, sharey="row", squeeze=False)
    lines: dict[str, Any] = {}
    for row, result in zip(grid, found, strict=True):
        metrics = result.metrics
        for axes, kind in zip(row, ("insertion", "deletion"), strict=True):
            for key, method in metrics["methods"].items():
                values = np.asarray(result.array(f"{kind}-{key}")).mean(axis=0)
                (lines[key],) = axes.plot(metrics["shares"], values, label=method["title"], **LOOKS[key])
            axes.set_title(f"{metrics['title']}: {kind}")
            style.percent(axes.xaxis)
            style.percent(axes.yaxis)
        row[0].set_ylabel("mean probability")
    for axes, kind in zip(grid[-1], ("inserted", "deleted"), strict=True):
        axes.set_xlabel(f"cells {kind}")
    shown = [lines[key] for key in LOOKS if key in lines]  # the table's order, also if the first lacks one
    figure.legend(handles=shown, loc="outside lower center", ncols=4)
    style.save(figure, outputs, "curves")


def draw_randomisation(found: list[Result], outputs: Outputs) -> None:
    """How alike maps stay while the network is made random, with the level of unrelated pictures."""
    figure = style.figure(style.TEXT_WIDTH, 2.5)
    panels = figure.subplots(1, len(found), sharey=True, squeeze=False)[0]
    handles: dict[str, Any] = {}
    for axes, result in zip(panels, found, strict=True):
        metrics = result.metrics
        for key, check in metrics["checks"].items():
            parts = [0, *check["parts"]]
            value, low, high = (
                [1, *(s[end] for s in check["similarity"])] for end in ("value", "low", "high")
            )
            (line,) = axes.plot(parts, value, marker="o", markersize=3.5, **LOOKS[key])
            axes.fill_between(parts, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
            level = axes.axhline(
                check["unrelated"]["value"], color=line.get_color(), linewidth=0.8, linestyle=(0, (1, 1.5))
            )
            handles[check["title"]] = line
            handles[f"{check['title']}, other pictures"] = level
        (handles[metrics["methods"]["edges"]["title"]],) = axes.plot(
            [0, metrics["layers"]], [1, 1], **LOOKS["edges"]
        )
        axes.set_title(metrics["title"])
        axes.set_xlabel("random parts, from the last")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    panels[0].set_ylabel("rank correlation")
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=3)
    style.save(figure, outputs, "randomisation")
