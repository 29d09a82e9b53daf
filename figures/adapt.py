"""Chapter 3: both domains, schedules of the reversal and what they gain, features, pseudo-labels."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from figures import style
from report.stage import Inputs, Outputs, Result

SOURCE, TARGET = style.BLUE, style.VERMILION
DIGITS = (
    style.BLUE, style.ORANGE, style.GREEN, style.VERMILION, style.PURPLE, style.SKY, "#B8A600", style.INK,
    "#8C510A", "#999999",
)  # fmt: skip
LINES = ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)))
SELECTIONS = {"none": style.INK, "all": style.VERMILION, "confident": style.BLUE, "balanced": style.GREEN}
PANELS = {"source": "source", "target": "target", "unseen": "unseen\nphotos"}
DOT = 3.5


def draw(inputs: Inputs, outputs: Outputs) -> None:
    """Writes digits, schedules, by-c, grid, latent-<map> and pseudo-<start>."""
    draw_digits(inputs["adapt/data"], outputs)
    draw_schedules(inputs["adapt/schedules"], outputs)
    ablations = inputs["adapt/ablations"].metrics
    if ablations["by_c"]:
        draw_by_c(ablations, outputs)
    if ablations["grid"]:
        draw_grid(ablations, outputs)
    latent = inputs["adapt/latent"]
    for index in range(latent.metrics["maps"]):
        draw_latent(latent, index, outputs)
    pseudo = inputs["adapt/pseudo_labels"]
    for start in dict.fromkeys(curve["start"] for curve in pseudo.metrics["curves"]):
        draw_pseudo(pseudo, start, outputs)


def draw_digits(data: Result, outputs: Outputs) -> None:
    """A row a domain, the same digits in each."""
    rows = [name for name in PANELS if (data.directory / f"panel-{name}.npy").exists()]
    figure = style.figure(style.TEXT_WIDTH, 0.56 * len(rows))
    for axes, name in zip(figure.subplots(len(rows), 1, squeeze=False)[:, 0], rows, strict=True):
        pictures = np.asarray(data.array(f"panel-{name}"))
        spaced = np.pad(pictures, ((0, 0), (0, 0), (1, 1), (0, 0)), constant_values=255)
        axes.imshow(np.concatenate(list(spaced), axis=1), interpolation="none")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        axes.set_ylabel(PANELS[name], rotation=0, ha="right", va="center")
    style.save(figure, outputs, "digits")


def draw_schedules(schedules: Result, outputs: Outputs) -> None:
    """The strength against the progress of training, each curve named at its end."""
    figure = style.figure(style.TEXT_WIDTH, 2.2)
    axes = figure.subplots()
    progress, curves = schedules.array("progress"), schedules.array("strengths")
    named = [schedules.metrics[key]["c"] for key in ("practical", "paper")]
    for place, (row, curve) in enumerate(zip(schedules.metrics["rows"], curves, strict=True)):
        axes.plot(
            progress,
            curve,
            linestyle=LINES[place % len(LINES)],
            color=style.BLUE if row["c"] in named else style.FAINT,
            label=f"c = {row['c']:g}, ends at {row['end']:.4f}",
        )
    axes.set(xlim=(0, 1), ylim=(0, 1.03), xlabel="progress of training p", ylabel="strength λ")
    figure.legend(loc="outside right center")
    style.save(figure, outputs, "schedules")


def draw_by_c(ablations: dict[str, Any], outputs: Outputs) -> None:
    """Accuracy on both domains against c: a dot a training, a cross where it failed, a line their mean.

    Two values of c have no line, which would speak of those between; a bar marks the mean of each.
    """
    figure = style.figure(style.TEXT_WIDTH, 2.5)
    panels = figure.subplots(1, 2)
    rows = ablations["by_c"]
    mean = "-" if len(rows) > 2 else "_"
    for axes, side, colour in zip(panels, ("target", "source"), (TARGET, SOURCE), strict=True):
        draw_seeds(axes, [row["c"] for row in rows], rows, side, colour)
        means = [row[side]["value"] for row in rows]
        axes.plot([row["c"] for row in rows], means, mean, markersize=14, markeredgewidth=1.5, color=colour)
        axes.margins(x=0.08)  # the bars are whole at the edges
        base = ablations["baseline"][side]
        axes.axhline(base, color=style.INK, linewidth=0.9, linestyle=":")
        axes.set(xlabel="c", title=f"{ablations[f'{side}_title']} ({side})")
        style.percent(axes.yaxis)
    panels[0].set_ylabel("test accuracy")
    finish(
        figure,
        [
            ("-", "", "mean over the seeds"),
            ("", "o", "a training"),
            ("", "x", "failed"),
            (":", "", "gradient cut off"),
        ],
    )
    style.save(figure, outputs, "by-c")


def draw_seeds(axes: Axes, places: list[float], rows: list[dict[str, Any]], side: str, colour: str) -> None:
    """Each training of each row; those that failed are crossed."""
    for place, row in zip(places, rows, strict=True):
        for run in row["runs"]:
            failed = run["failed"] is not None
            axes.plot(
                [place], [run[side]], "x" if failed else "o", color=colour, markersize=DOT, alpha=0.75
            )


def draw_grid(ablations: dict[str, Any], outputs: Outputs) -> None:
    """Mean accuracy of each domain by the strength at the end and the slope, as coloured numbers."""
    rows = ablations["grid"]
    ends, slopes = (sorted({row[key] for row in rows}) for key in ("end", "slope"))
    figure = style.figure(style.TEXT_WIDTH, 0.9 + 0.42 * len(ends))
    for axes, side in zip(figure.subplots(1, 2), ("target", "source"), strict=True):
        values = np.full((len(ends), len(slopes)), np.nan)
        for row in rows:
            place = ends.index(row["end"]), slopes.index(row["slope"])
            values[place] = row[side]["value"]
            failures = f"\n{row['failures']} of {row['target']['count']} failed" if row["failures"] else ""
            axes.text(
                place[1], place[0], f"{100 * row[side]['value']:.1f}{failures}", ha="center", va="center",
                fontsize=7, linespacing=1.2,
            )  # fmt: skip
        low, high = np.nanmin(values), np.nanmax(values)
        # Twice the range: the darkest blue leaves black numbers readable.
        axes.imshow(
            values, cmap="Blues", vmin=low, vmax=2 * high - low, aspect="auto", interpolation="none"
        )
        axes.set_xticks(range(len(slopes)), [f"{slope:g}" for slope in slopes])
        axes.set_yticks(range(len(ends)), [f"{end:g}" for end in ends])
        axes.grid(visible=False)
        axes.set(xlabel="slope", ylabel="strength at the end", title=f"{ablations[f'{side}_title']}, %")
    style.save(figure, outputs, "grid")


def draw_latent(latent: Result, index: int, outputs: Outputs) -> None:
    """t-SNE of both domains' features, without and with adaptation; coloured by domain and by class."""
    digits = np.asarray(latent.array("labels"))
    count = len(digits) // 2
    figure = style.figure(style.TEXT_WIDTH, 5.4)
    grid = figure.subplots(2, 2)
    for column, which in enumerate(("without", "with")):
        plane = np.asarray(latent.array(f"map-{which}-{index}"))
        # Mixed, so that no domain and no class lies on top of the others.
        order = np.random.default_rng(0).permutation(len(plane))
        for row, colours in enumerate((np.repeat([SOURCE, TARGET], count), np.array(DIGITS)[digits])):
            grid[row, column].scatter(
                *plane[order].T, s=3, c=colours[order], linewidths=0, alpha=0.7, rasterized=True
            )
            bare(grid[row, column])
        grid[0, column].set_title(f"{which} adaptation")
    grid[0, 0].set_ylabel("by domain")
    grid[1, 0].set_ylabel("by class")
    titles = zip((SOURCE, TARGET), ("source_title", "target_title"), strict=True)
    # A legend at each row, since both rows use some of the same colours.
    domains = [dot(colour, latent.metrics[title]) for colour, title in titles]
    figure.legend(handles=domains, loc="outside upper center", ncols=len(domains))
    classes = [dot(colour, str(digit)) for digit, colour in enumerate(DIGITS)]
    figure.legend(handles=classes, loc="outside lower center", ncols=len(classes))
    style.save(figure, outputs, f"latent-{index}")


def draw_pseudo(pseudo: Result, start: str, outputs: Outputs) -> None:
    """By round: target accuracy, precision and share of the kept labels; a thin line a seed, their mean.

    Where no labels are kept there is the accuracy alone.
    """
    figure = style.figure(style.TEXT_WIDTH, 2.3)
    panels = figure.subplots(1, 3)
    titles = {"target": "target accuracy", "precision": "precision of kept labels", "kept": "share kept"}
    curves = [curve for curve in pseudo.metrics["curves"] if curve["start"] == start]
    for axes, (name, title) in zip(panels, titles.items(), strict=True):
        for curve in curves:
            if curve["selection"] == "none" and name != "target":
                continue
            values = np.asarray(pseudo.array(f"{curve['slug']}-{name}"))
            rounds = np.arange(values.shape[1]) + (name != "target")
            colour = SELECTIONS[curve["selection"]]
            axes.plot(rounds, values.T, color=colour, linewidth=0.6, alpha=0.5)
            axes.plot(rounds, values.mean(0), color=colour, label=curve["title"])
        axes.set(xlabel="round", title=title)
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True, min_n_ticks=3))
        axes.margins(x=0.03)  # no tick behind the last round
        style.percent(axes.yaxis)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    style.save(figure, outputs, f"pseudo-{start}")


def bare(axes: Axes) -> None:
    """No ticks and no grid: the axes of t-SNE have no meaning."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)


def dot(colour: str, label: str) -> Line2D:
    return Line2D([], [], color=colour, marker="o", linestyle="", markersize=DOT, label=label)


def finish(figure: Figure, kinds: list[tuple[str, str, str]]) -> None:
    """A legend of line styles and markers, in the colour of no domain."""
    handles = []
    for line, marker, label in kinds:
        look: dict[str, Any] = {"linestyle": line, "marker": marker}
        handles.append(Line2D([], [], color=style.INK, markersize=DOT, label=label, **look))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
