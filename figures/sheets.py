"""Sheets of small grey pictures in rows and columns, for print and for animations."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from figures.pictures import enlarged

GAP = 2  # white pixels between two pictures of 32


def sheet(pictures: np.ndarray, columns: int, times: int = 1) -> np.ndarray:
    """Pictures in rows, from left to right, with white between them.

    Args:
        pictures: (n, size, size), uint8; n is a multiple of `columns`.
        columns: how many stand in a row.
        times: how often each pixel is repeated to both sides.

    Returns:
        The sheet (height, width, 3), uint8.
    """
    count, size = len(pictures), pictures.shape[1]
    gap = max(1, GAP * size // 32)
    framed = np.pad(pictures, ((0, 0), (0, gap), (0, gap)), constant_values=255)
    rows = framed.reshape(count // columns, columns, size + gap, size + gap)
    whole = rows.transpose(0, 2, 1, 3).reshape(-1, columns * (size + gap))[:-gap, :-gap]
    return enlarged(np.repeat(whole[..., None], 3, axis=-1), times)


def square_of(pictures: np.ndarray, most: int) -> tuple[np.ndarray, int]:
    """The first pictures that fill a square of at most `most` to a side, and its columns."""
    columns = min(most, int(len(pictures) ** 0.5))
    return pictures[: columns * columns], columns


def show(axes: Axes, pixels: np.ndarray) -> None:
    """A sheet without ticks; its pixels stay sharp."""
    axes.imshow(pixels, interpolation="none")
    axes.set_axis_off()


def labelled(axes: Axes, pixels: np.ndarray, labels: Sequence[str]) -> None:
    """A sheet with a name at each of its rows."""
    axes.imshow(pixels, interpolation="none")
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    step = (len(pixels) + 1) / len(labels)
    axes.set_xticks([])
    axes.set_yticks([step * (row + 0.5) - 1 for row in range(len(labels))], labels)
    axes.tick_params(length=0)
