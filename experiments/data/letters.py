"""Letters drawn from the fonts that matplotlib ships: a source task that needs no download.

The 26 classes are letters of either case. Once size varies, c C, o O, s S, v V, w W, x X, z Z are
the same picture: 52 classes would measure that confusion instead of the network.
"""

import string
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
import torch
from matplotlib.ft2font import FT2Font
from PIL import Image, ImageDraw, ImageFont
from torch.nn import functional

CLASSES = list(string.ascii_uppercase)
IMAGE_SIZE = 32
_CANVAS = 64  # glyphs are drawn at twice the final size, so that the affine map can sample them
_POINTS = 44  # a capital W of the widest font, with its strokes, just fits the canvas
_STROKES = (0, 2, 4)  # added stroke width, in pixels of the canvas


@dataclass(frozen=True)
class Letters:
    """Drawn letters.

    Attributes:
        images: float32 (n, 1, 32, 32) in [0, 1], ink is 1.
        labels: int64 (n,), the index in `CLASSES`.
    """

    images: torch.Tensor
    labels: torch.Tensor


def latin_fonts() -> list[Path]:
    """Matplotlib's fonts that hold all 52 Latin letters, sorted by name.

    Symbol fonts have other signs at the letters' codes, and the last-resort font the same box for
    all of them: a font counts only if each of the glyphs bears its letter's name.
    """
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return [path for path in sorted(folder.glob("*.ttf")) if _has_letters(path)]


def _has_letters(path: Path) -> bool:
    font = FT2Font(str(path))
    charmap = font.get_charmap()
    return all(
        ord(letter) in charmap and font.get_glyph_name(charmap[ord(letter)]) == letter
        for letter in string.ascii_letters
    )


def split_fonts(fonts: list[Path]) -> tuple[list[Path], list[Path]]:
    """Fonts to train on, and every fifth one to validate on."""
    return [f for i, f in enumerate(fonts) if i % 5 != 2], fonts[2::5]


def glyphs(fonts: list[Path]) -> torch.Tensor:
    """Each letter of each font at each stroke width, centred.

    Returns:
        uint8 (26, variants, 64, 64), where the variants are fonts x 2 cases x 3 stroke widths.
    """
    # The other layout, Raqm, is there only where the system has FriBiDi, and sets letters otherwise.
    faces = [ImageFont.truetype(str(path), _POINTS, layout_engine=ImageFont.Layout.BASIC) for path in fonts]
    drawn = [
        [
            _draw(face, letter, stroke)
            for face in faces
            for letter in (capital, capital.lower())
            for stroke in _STROKES
        ]
        for capital in CLASSES
    ]
    return torch.from_numpy(np.array(drawn))


def _draw(face: ImageFont.FreeTypeFont, letter: str, stroke: int) -> np.ndarray:
    image = Image.new("L", (_CANVAS, _CANVAS))
    pen = ImageDraw.Draw(image)
    left, top, right, bottom = pen.textbbox((0, 0), letter, font=face, stroke_width=stroke)
    corner = ((_CANVAS - left - right) / 2, (_CANVAS - top - bottom) / 2)
    pen.text(corner, letter, fill=255, font=face, stroke_width=stroke)
    return np.asarray(image)


def draw(bank: torch.Tensor, per_class: int, seed: int) -> Letters:
    """`per_class` letters of each class, in random order.

    Each is a random variant of `bank` (see `glyphs`), turned by up to 12 degrees, scaled by 0.9 to
    1.5 along each axis, sheared by up to 0.15, shifted by up to a tenth of the image, with
    Gaussian noise of standard deviation up to 0.1. The same seed gives the same letters.
    """
    rng = torch.Generator().manual_seed(seed)
    count = len(CLASSES) * per_class
    labels = torch.arange(len(CLASSES)).repeat(per_class)[torch.randperm(count, generator=rng)]
    variants = torch.randint(bank.shape[1], (count,), generator=rng)
    maps = _affine_maps(count, rng)
    images = torch.empty(count, 1, IMAGE_SIZE, IMAGE_SIZE)
    for start in range(0, count, 1024):  # in parts, to keep the float canvases small
        part = slice(start, start + 1024)
        canvas = bank[labels[part], variants[part]].unsqueeze(1).float() / 255
        grid = functional.affine_grid(
            maps[part], [len(canvas), 1, IMAGE_SIZE, IMAGE_SIZE], align_corners=False
        )
        images[part] = functional.grid_sample(canvas, grid, align_corners=False)
    strength = 0.1 * torch.rand(count, 1, 1, 1, generator=rng)
    images += strength * torch.randn(images.shape, generator=rng)
    return Letters(images.clamp_(0, 1), labels)


def _affine_maps(count: int, rng: torch.Generator) -> torch.Tensor:
    """Random maps from the image's coordinates to the glyph's, (count, 2, 3)."""

    def uniform(low: float, high: float, *shape: int) -> torch.Tensor:
        return low + (high - low) * torch.rand(count, *shape, generator=rng)

    angle = uniform(-torch.pi / 15, torch.pi / 15)
    turn = torch.stack(
        [torch.cos(angle), -torch.sin(angle), torch.sin(angle), torch.cos(angle)], dim=1
    ).view(count, 2, 2)
    shear = torch.eye(2).repeat(count, 1, 1)
    shear[:, 0, 1] = uniform(-0.15, 0.15)
    shrink = torch.diag_embed(1 / uniform(0.9, 1.5, 2))  # grid_sample wants the inverse map
    shift = uniform(-0.2, 0.2, 2, 1)  # coordinates run from -1 to 1
    return torch.cat([turn @ shear @ shrink, shift], dim=2)
