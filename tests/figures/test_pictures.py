import base64
import io

import numpy as np
import pytest
from PIL import Image

from figures.pictures import enlarged, enlargement, few_colours, fitted, in_palette, small_svg, square

RNG = np.random.default_rng(0)


def noise(height: int, width: int) -> np.ndarray:
    return RNG.integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_enlarged_pictures_are_a_square_of_pixels_for_each_pixel() -> None:
    one, many = noise(3, 4), RNG.random((5, 2, 3, 3))
    np.testing.assert_array_equal(enlarged(one, 3), np.kron(one, np.ones((3, 3, 1), np.uint8)))
    np.testing.assert_array_equal(
        enlarged(many, 2), np.stack([np.kron(m, np.ones((2, 2, 1))) for m in many])
    )


@pytest.mark.parametrize(
    ("size", "expected"),
    [((32, 32), (96, 96)), ((20, 10), (100, 50)), ((60, 90), (60, 90)), ((300, 200), (100, 67))],
)
def test_a_fitted_picture_is_no_larger_than_the_side_and_keeps_its_shape(size, expected) -> None:
    picture = fitted(noise(*size), 100)
    assert picture.size == expected[::-1]
    assert enlargement(noise(*size), 100) == max(1, expected[0] // size[0])


def test_small_pictures_keep_their_pixels_and_large_ones_their_mean() -> None:
    small = noise(8, 8)
    np.testing.assert_array_equal(np.asarray(fitted(small, 50))[3::6, 3::6], small)
    large = noise(224, 224)
    assert np.asarray(fitted(large, 50)).mean() == pytest.approx(large.mean(), abs=1)


def test_a_square_has_exactly_the_side_and_boxes_hold_means() -> None:
    values = RNG.random((6, 6)).astype(np.float32)
    means = values.reshape(3, 2, 3, 2).mean((1, 3))
    np.testing.assert_allclose(square(values, 3, Image.Resampling.BOX), means, atol=1e-6)
    assert square(noise(9, 9), 20).shape == (20, 20, 3)
    assert set(np.unique(square(values, 20))) == set(np.unique(values))


def test_few_colours_are_no_more_than_asked_and_exact_where_they_suffice() -> None:
    found = few_colours(fitted(noise(150, 150), 150), 64)
    assert len(np.unique(found.reshape(-1, 3), axis=0)) <= 64
    two = np.repeat(RNG.integers(0, 2, (8, 8, 1), dtype=np.uint8) * 255, 3, axis=2)
    np.testing.assert_array_equal(few_colours(Image.fromarray(two), 64), two)


def as_png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(("colours", "alpha"), [(64, False), (256, True), (257, False)])
def test_a_png_in_a_palette_is_smaller_and_the_same_picture(colours: int, alpha: bool) -> None:
    rng = np.random.default_rng(colours)
    palette = np.unique(rng.integers(0, 256, (4 * colours, 4), dtype=np.uint8), axis=0)[:colours]
    palette[:, 3] = np.where(alpha, palette[:, 3], 255)
    where = rng.permutation(np.arange(60 * 70) % colours).reshape(60, 70)
    png = as_png(palette[where])
    small = in_palette(png)
    assert (np.asarray(Image.open(io.BytesIO(small)).convert("RGBA")) == palette[where]).all()
    assert (len(small) < 0.6 * len(png)) == (colours <= 256)


def test_only_the_pictures_of_an_svg_change() -> None:
    png = as_png(np.zeros((40, 40, 4), dtype=np.uint8))
    before = '<svg><text>data:image</text><image href="data:image/png;base64,\n{}\n"/></svg>'
    svg = small_svg(before.format(base64.b64encode(png).decode()))
    start, end = svg.split("base64,")
    assert start == before.split("base64,")[0] and end.endswith('"/></svg>')
    assert len(svg) < len(before) + len(png) * 4 / 3
    picture = Image.open(io.BytesIO(base64.b64decode(end.split('"')[0]))).convert("RGBA")
    assert not np.asarray(picture).any()
