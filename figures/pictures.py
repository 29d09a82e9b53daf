"""Pictures at the size and in the colours that print can show."""

import numpy as np
from PIL import Image
from PIL.Image import Resampling


def enlargement(pixels: np.ndarray, side: int) -> int:
    """How many times as large a small picture (height, width, …) becomes to fill `side`, at least once."""
    return max(1, side // max(pixels.shape[:2]))


def enlarged(pixels: np.ndarray, times: int) -> np.ndarray:
    """Pictures (…, height, width, 3) with every pixel a square of pixels: viewers blur small pictures."""
    return pixels.repeat(times, axis=-3).repeat(times, axis=-2)


def fitted(pixels: np.ndarray, side: int) -> Image.Image:
    """A picture uint8 (height, width, 3) whose longer side is at most `side`, in its own shape.

    Small ones (letters of 32 pixels) are enlarged by a whole number and keep their sharp pixels, large
    ones are shrunk.
    """
    picture = Image.fromarray(enlarged(pixels, enlargement(pixels, side)))
    longest = max(picture.size)
    if longest <= side:
        return picture
    width, height = (max(1, round(length * side / longest)) for length in picture.size)
    return picture.resize((width, height), Resampling.LANCZOS)


def square(values: np.ndarray, side: int, shrink: Resampling = Resampling.LANCZOS) -> np.ndarray:
    """A picture uint8 (height, width, 3), or a map float32 (height, width), at exactly `side` by `side`.

    Args:
        shrink: the filter where it becomes smaller; a larger one keeps its sharp pixels.
    """
    kind = Resampling.NEAREST if side >= len(values) else shrink
    return np.asarray(Image.fromarray(values).resize((side, side), kind))


def few_colours(picture: Image.Image, colours: int) -> np.ndarray:
    """A picture uint8 (height, width, 3) in a palette of its own, which PDF and PNG keep small."""
    return np.asarray(picture.quantize(colours, dither=Image.Dither.NONE).convert("RGB"))
