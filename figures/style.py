"""The look of every figure: sizes in printed inches, type, colours, and how a figure is saved."""

import io
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from figures.pictures import small_svg
from report.stage import Outputs

mpl.use("agg")

TEXT_WIDTH = 5.6  # inches; the width of the printed text
HALF_WIDTH = 2.75  # two panels side by side with a gap

# Okabe and Ito's colours: told apart with every common kind of colour blindness.
BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"
)  # fmt: skip
INK, GREY, FAINT = "#222222", "#777777", "#B8B8B8"

RC: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.labelsize": 8,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.4,
    "lines.markersize": 5,
    "figure.constrained_layout.use": True,
    "savefig.dpi": 180,
    "pdf.fonttype": 42,
    "svg.hashsalt": "colophon",
}


def figure(width: float, height: float) -> Figure:
    """An empty figure of `width` by `height` printed inches, in the shared style."""
    mpl.rcParams.update(RC)
    return Figure(figsize=(width, height))


def percent(axis: Axis) -> None:
    """Show an axis of fractions as percentages."""
    axis.set_major_formatter(PercentFormatter(xmax=1, decimals=0, symbol=" %"))


def save(figure: Figure, outputs: Outputs, name: str) -> list[Path]:
    """Write `figure` for LaTeX (PDF) and for HTML (SVG), the same bytes for the same content."""
    paths = [outputs.path(f"{name}.pdf"), outputs.path(f"{name}.svg")]
    figure.savefig(paths[0], metadata={"CreationDate": None, "Producer": None, "Creator": None})
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    paths[1].write_text(small_svg(drawn.getvalue()), encoding="utf-8")
    return paths
