"""The two domains: the blend against its definition, seeds, and which photos lie behind which digits."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from pydantic import ValidationError
from sklearn.datasets import load_sample_images

from experiments.data import domains, mnist
from experiments.data.mnist import Digits
from report.errors import ColophonError

DEMO = {"source": "digits", "target": "sample-photos"}


def nowhere(name: str) -> Path:
    raise AssertionError(f"{name} was asked for")


def demo(**more) -> domains.Domains:
    return domains.load(domains.Settings.model_validate(DEMO | more), nowhere)


@settings(max_examples=30, deadline=None)
@given(
    ink=arrays(bool, (3, 28, 28)),
    height=st.integers(28, 40),
    width=st.integers(28, 40),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_blend_is_the_absolute_difference_of_some_crop_and_the_digit(ink, height, width, seed) -> None:
    rng = np.random.default_rng(seed)
    photos = [rng.integers(0, 256, (height, width, 3), dtype=np.uint8) for _ in range(2)]
    blended = domains.blend(ink, photos, np.random.default_rng(seed))
    assert blended.dtype == np.uint8 and blended.shape == (3, 28, 28, 3)
    crops = [
        photo[top : top + 28, left : left + 28].astype(int)
        for photo in photos
        for top in range(height - 27)
        for left in range(width - 27)
    ]
    for picture, digit in zip(blended, ink, strict=True):
        assert any(np.array_equal(picture, np.abs(crop - 255 * digit[..., None])) for crop in crops)


def test_every_photo_and_every_crop_can_be_drawn() -> None:
    rows = np.arange(29, dtype=np.uint8)[:, None, None]
    photos = [np.broadcast_to(rows, (29, 29, 3)), np.broadcast_to(rows + 100, (29, 29, 3))]
    blended = domains.blend(np.zeros((200, 28, 28), bool), photos, np.random.default_rng(0))
    assert set(blended[:, 0, 0, 0].tolist()) == {0, 1, 100, 101}


def test_the_same_seed_gives_the_same_pictures_and_another_seed_others() -> None:
    first, again, other = demo(), demo(), demo(data_seed=7)
    for part in ("source", "target", "source_test", "target_test", "target_unseen"):
        assert np.array_equal(getattr(first, part).images, getattr(again, part).images)
        assert not np.array_equal(getattr(first, part).images, getattr(other, part).images)


def test_fewer_training_digits_leave_the_test_digits_as_they_are() -> None:
    few, all_of_them = demo(train_images=100, test_images=50), demo()
    assert len(few.source) == len(few.target) == 100 and len(few.target_test) == 50
    assert np.array_equal(few.source.images, all_of_them.source.images[:100])
    assert few.target_unseen and all_of_them.target_unseen
    assert np.array_equal(few.target_unseen.images, all_of_them.target_unseen.images[:50])


def test_both_domains_show_the_same_digits_in_the_same_order() -> None:
    both = demo()
    assert both.paired
    assert np.array_equal(both.source.labels, both.target.labels)
    assert (len(both.source), len(both.source_test)) == (1297, 500)
    ink = both.source.images[..., 0] > 127  # the photo's negative there, so the sum with it is 255
    edge = both.target.images[:, 0, 0].astype(int)
    assert not ink[:, 0, 0].any() and edge.std() > 20  # photos, not black


def test_unseen_photos_lie_behind_no_training_digit() -> None:
    photos = [np.full((30, 30, 3), index, dtype=np.uint8) for index in range(10)]
    seen, unseen = domains.split_photos(photos, 0.2, np.random.default_rng(1))
    values = [{int(photo[0, 0, 0]) for photo in part} for part in (seen, unseen)]
    assert len(values[1]) == 2 and not values[0] & values[1] and values[0] | values[1] == set(range(10))
    seen, unseen = domains.split_photos(photos, 0, np.random.default_rng(1))
    assert len(seen) == 10 and not unseen
    assert demo(unseen_photos=0).target_unseen is None


def test_two_photos_are_divided_by_their_width() -> None:
    photos = load_sample_images().images
    seen, unseen = domains.split_photos(photos, 0.25, np.random.default_rng(1))
    for photo, left, right in zip(photos, seen, unseen, strict=True):
        assert np.array_equal(np.concatenate([left, right], axis=1), photo)
        assert right.shape[1] == 160


def test_mnist_is_binarised_at_zero_and_blended_with_the_folders_photos(tmp_path, monkeypatch) -> None:
    images = np.zeros((70, 28, 28, 1), dtype=np.uint8)
    images[:, 10:18, 10:18] = 1  # hardly ink, but above 0
    digits = Digits(images, np.arange(70) % 10)
    monkeypatch.setattr(mnist, "read", lambda root: (digits, digits))
    for grey in (40, 200):
        Image.new("RGB", (40, 40), (grey, grey, grey)).save(tmp_path / f"{grey}.jpg")
    both = domains.load(domains.Settings(unseen_photos=0), lambda name: tmp_path)
    centre, corner = (both.target.images[:, p, p, 0].astype(int) for p in (14, 2))
    assert np.array_equal(centre, 255 - corner)
    assert set(corner.tolist()) == {40, 200}


def test_missing_and_unfit_photos_are_told(tmp_path, monkeypatch) -> None:
    digits = Digits(np.zeros((70, 28, 28, 1), np.uint8), np.zeros(70, np.int64))
    monkeypatch.setattr(mnist, "read", lambda root: (digits, digits))
    with pytest.raises(ColophonError, match="there are no background photos in"):
        domains.load(domains.Settings(), lambda name: tmp_path)
    Image.new("RGB", (40, 20)).save(tmp_path / "flat.jpg")
    with pytest.raises(ColophonError, match="smaller than 28 pixels"):
        domains.load(domains.Settings(unseen_photos=0), lambda name: tmp_path)
    (tmp_path / "flat.jpg").write_bytes(b"no picture")
    with pytest.raises(ColophonError, match=r"cannot read the background photo .*flat\.jpg"):
        domains.load(domains.Settings(), lambda name: tmp_path)


def test_a_target_that_does_not_go_with_the_source_is_refused() -> None:
    with pytest.raises(ValidationError, match="mnist-m does not go with the source digits"):
        domains.Settings(source="digits", target="mnist-m")


def test_the_official_mnist_m_is_taken_as_it_is(monkeypatch, tmp_path) -> None:
    own = Digits(np.zeros((100, 28, 28, 1), np.uint8), np.arange(100) % 10)
    official = Digits(np.full((80, 28, 28, 3), 7, np.uint8), np.arange(80) % 7)
    monkeypatch.setattr(mnist, "read", lambda root: (own, own))
    monkeypatch.setattr(mnist, "read_mnist_m", lambda root: (official, official))
    both = domains.load(
        domains.Settings(target="mnist-m", train_images=70, test_images=30), lambda name: tmp_path
    )
    assert not both.paired and both.target_unseen is None
    assert (len(both.source), len(both.target), len(both.target_test)) == (70, 70, 30)
    assert both.target.labels.tolist() == (np.arange(70) % 7).tolist()
    assert (both.target.images == 7).all()
