import string
from typing import Any, cast

import pytest
import torch
from PIL import ImageFont

from experiments.data import letters


@pytest.fixture(scope="module")
def bank() -> torch.Tensor:
    return letters.glyphs(letters.latin_fonts()[:2])


def test_symbol_and_last_resort_fonts_are_left_out() -> None:
    names = {path.stem for path in letters.latin_fonts()}
    assert {"DejaVuSans", "DejaVuSerif-Bold", "STIXGeneral", "cmr10"} <= names
    assert names.isdisjoint({"cmsy10", "cmex10", "LastResortHE-Regular", "STIXSizOneSymReg"})


@pytest.mark.parametrize("path", letters.latin_fonts(), ids=lambda path: path.stem)
def test_every_font_draws_a_different_picture_for_each_letter(path) -> None:
    font = ImageFont.truetype(str(path), 40)
    pictures = {bytes(cast(Any, font.getmask(letter))) for letter in string.ascii_letters}
    assert len(pictures) == 52


def test_validation_fonts_are_never_trained_on() -> None:
    fonts = letters.latin_fonts()
    train, validation = letters.split_fonts(fonts)
    assert validation and set(train).isdisjoint(validation)
    assert set(train) | set(validation) == set(fonts)


def test_no_glyph_touches_the_edge_of_its_canvas() -> None:
    canvas = letters.glyphs(letters.latin_fonts())
    for edge in (canvas[:, :, 0], canvas[:, :, -1], canvas[..., 0], canvas[..., -1]):
        assert int(edge.max()) == 0
    assert int(canvas.amax((2, 3)).min()) == 255


def test_classes_are_balanced_and_values_lie_between_0_and_1(bank: torch.Tensor) -> None:
    drawn = letters.draw(bank, per_class=7, seed=0)
    assert torch.bincount(drawn.labels).tolist() == [7] * 26
    assert drawn.images.shape == (182, 1, 32, 32)
    assert float(drawn.images.min()) >= 0
    assert float(drawn.images.max()) <= 1


def test_the_seed_alone_decides_the_letters(bank: torch.Tensor) -> None:
    first = letters.draw(bank, per_class=3, seed=5)
    torch.manual_seed(99)
    again, other = letters.draw(bank, 3, seed=5), letters.draw(bank, 3, seed=6)
    assert torch.equal(first.images, again.images) and torch.equal(first.labels, again.labels)
    assert not torch.equal(first.images, other.images)


def test_letters_of_one_class_vary(bank: torch.Tensor) -> None:
    drawn = letters.draw(bank, per_class=8, seed=0)
    same_class = drawn.images[drawn.labels == 0].flatten(1)
    assert len(torch.unique(same_class, dim=0)) == 8


def test_letters_do_not_depend_on_the_text_shaping_that_a_system_has(monkeypatch) -> None:
    fonts = letters.latin_fonts()
    here = letters.glyphs(fonts)
    monkeypatch.setattr(ImageFont.core, "HAVE_RAQM", False)
    assert torch.equal(letters.glyphs(fonts), here)
