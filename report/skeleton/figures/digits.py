"""Which digits are taken for which."""

import matplotlib as mpl
from matplotlib.figure import Figure

from report.stage import Inputs, Outputs

mpl.rcParams |= {"font.size": 8, "pdf.fonttype": 42, "svg.hashsalt": "fixed"}


def draw(inputs: Inputs, outputs: Outputs) -> None:
    counts = inputs["digits/neighbours"].array("confusion")
    figure = Figure(figsize=(3.2, 3.2), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(counts, cmap="Blues", vmax=counts.max() * 1.3)
    for (row, column), count in ((place, counts[place]) for place in zip(*counts.nonzero(), strict=True)):
        axes.text(column, row, str(count), ha="center", va="center", fontsize=7)
    digits = range(len(counts))
    axes.set(xticks=digits, yticks=digits, xlabel="taken for", ylabel="digit")
    figure.savefig(outputs.path("confusion.pdf"), metadata={"CreationDate": None})
    figure.savefig(outputs.path("confusion.svg"), metadata={"Date": None})
