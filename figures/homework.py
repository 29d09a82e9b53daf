"""What the homework shows and the report does not: the practical's own plots, from the same results."""

from collections.abc import Sequence
from itertools import cycle, product
from typing import Any

from matplotlib.axes import Axes

from figures import ascent, classifiers, generate_curves, saliency, style
from figures.sheets import sheet, show, square_of
from report.stage import Inputs, Outputs, Result

COLOURS = (style.BLUE, style.VERMILION, style.GREEN, style.PURPLE, style.ORANGE, style.SKY)
DASHES = ("-", "--", ":")  # every colour once with each
OPTIMISER = (
    "rates-equal",
    "rates-low",
    "beta-low",
    "beta-high",
    "beta-higher",
)  # the practical's question 5
FEW = 5  # lines whose names stand below each other
COLUMNS = 3  # trainings side by side
SIDE = 6  # generated pictures to a side
PLAIN = "grid-5-weak"  # the practical's settings, for the class that it draws from noise


def draw(inputs: Inputs, outputs: Outputs) -> None:
    """Writes c, trainings, noise and photo; and saliency of the first network."""
    draw_c(inputs["transfer/svm_tuning"].metrics, outputs)
    first = inputs.all("visualize/saliency")[0]
    saliency.draw_row(first, first.metrics["pictures"][: saliency.IN_A_ROW], outputs, "saliency")
    networks = inputs.all("visualize/class_visualization")
    draw_noise(networks, outputs)
    draw_photo(networks, outputs)
    draw_trainings(inputs.all("generate/dcgan"), outputs)


def practical_layer(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The practical's layer, the last before the class scores, of the first network; of one row, that."""
    own = [row for row in rows if row["backbone"] == rows[0]["backbone"]]
    return own[-2] if len(own) > 1 else own[0]


def draw_c(tuning: dict[str, Any], outputs: Outputs) -> None:
    """Accuracy against C: the practical's layer by cross-validation and on the test set; every layer."""
    row = practical_layer(tuning["rows"])
    figure = style.figure(style.TEXT_WIDTH, 3.0)
    left, right = figure.subplots(1, 2, sharey=True)
    classifiers.draw_curves(left, row["normalized"]["points"], "c")
    classifiers.mark(left, row["normalized"]["c"], row["normalized"]["cross_validation"]["value"])
    left.set_title(f"{row['title']}, {row['layer']}")
    left.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2, columnspacing=1)
    for line, (dash, colour) in zip(tuning["rows"], cycle(product(DASHES, COLOURS)), strict=False):
        points = line["normalized"]["points"]
        right.plot(
            [point["c"] for point in points], [point["test"]["value"] for point in points],
            "o", linestyle=dash, color=colour, markersize=2.5, linewidth=1,
            label=f"{line['title']}, {line['layer']}",
        )  # fmt: skip
    right.set_title("test set, every layer")
    few = len(tuning["rows"]) <= FEW
    size = {} if few else {"fontsize": 6, "columnspacing": 1}
    right.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=1 if few else 2, **size)
    for axes in (left, right):
        axes.set(xscale="log", xlabel="C")
    left.set_ylabel("accuracy")
    style.percent(left.yaxis)
    style.save(figure, outputs, "c")


def draw_noise(networks: Sequence[Result], outputs: Outputs) -> None:
    """The same class from the same noise, by every network that drew it."""
    row = [
        picture
        for result in networks
        for picture in ascent.pictures_of(result, [(PLAIN, ascent.END, result.metrics["title"])])
    ]
    ascent.draw_panel([row], "noise", outputs)


def draw_photo(networks: Sequence[Result], outputs: Outputs) -> None:
    """A picture of one class, and what every network made of it for another class."""
    row = ascent.pictures_of(networks[0], [("on-ground", ascent.START, "start: {start}")])
    for result in networks:
        title = f"{{target}},\n{result.metrics['title']}"
        row += ascent.pictures_of(result, [("on-ground", ascent.END, title)])
    row += ascent.pictures_of(
        networks[0], [("drawn", ascent.END, "{target} from noise,\n" + networks[0].metrics["title"])]
    )
    ascent.draw_panel([row], "photo", outputs)


def chosen(results: Sequence[Result]) -> list[Result]:
    """The default and the optimiser's variants; where none of these was trained, every variant."""
    wanted = [result for result in results if result.metrics["slug"] in OPTIMISER]
    default = [result for result in results if result.metrics["slug"] == "default"]
    return [*default, *wanted] if wanted else list(results)


def draw_trainings(results: Sequence[Result], outputs: Outputs) -> None:
    """Of each training a sheet of its pictures, and below it the losses of every seed, on one scale."""
    shown = chosen(results)
    columns = min(COLUMNS, len(shown))
    blocks = -(-len(shown) // columns)
    side = style.TEXT_WIDTH / columns
    figure = style.figure(style.TEXT_WIDTH, blocks * (side + 1.35) + 0.25)
    grid = figure.subplots(2 * blocks, columns, squeeze=False, height_ratios=[side, 1.1] * blocks)
    for axes in grid.flat:
        axes.set_axis_off()
    for place, result in enumerate(shown):
        block, column = divmod(place, columns)
        if place:
            grid[2 * block + 1, column].sharey(grid[1, 0])
        draw_training(grid[2 * block, column], grid[2 * block + 1, column], result)
    for place in range(len(shown)):
        block, column = divmod(place, columns)
        generate_curves.plain_logarithmic(grid[2 * block + 1, column])
    handles, labels = grid[1, 0].get_legend_handles_labels()
    figure.legend(handles[:2], labels[:2], loc="outside lower center", ncols=2)
    style.save(figure, outputs, "trainings")


def draw_training(above: Axes, below: Axes, result: Result) -> None:
    pictures, columns = square_of(result.array("samples")[0], SIDE)
    show(above, sheet(pictures, columns))
    above.set_title(result.metrics["title"], fontsize=7.5, pad=2.5)
    below.set_axis_on()
    generate_curves.draw_both(below, result)
    below.set_title("")
