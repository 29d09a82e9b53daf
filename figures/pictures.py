"""Pictures at the size and in the colours that print can show."""

import base64
import io
import re

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


def in_palette(png: bytes) -> bytes:
    """The same picture as a PNG with a palette, where it has at most 256 colours and is smaller so."""
    picture = Image.open(io.BytesIO(png)).convert("RGBA")
    pixels = np.ascontiguousarray(picture).view(np.uint32)[..., 0]
    colours, places = np.unique(pixels, return_inverse=True)
    if len(colours) > 256:
        return png
    indexed = Image.fromarray(places.reshape(pixels.shape).astype(np.uint8), "P")
    table = colours.view(np.uint8).reshape(-1, 4)
    indexed.putpalette(table[:, :3].tobytes())
    transparent = {} if table[:, 3].min() == 255 else {"transparency": table[:, 3].tobytes()}
    file = io.BytesIO()
    indexed.save(file, "PNG", optimize=True, **transparent)
    return min(png, file.getvalue(), key=len)


def small_svg(svg: str) -> str:
    """An SVG with its PNGs in palettes, which matplotlib finds for PDF and not for SVG."""

    def smaller(found: re.Match[str]) -> str:
        png = base64.b64decode(found[2])
        return found[1] + base64.b64encode(in_palette(png)).decode()

    return re.sub(r"(data:image/png;base64,)([A-Za-z0-9+/=\s]+)", smaller, svg)
