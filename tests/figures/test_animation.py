"""An animation's files hold the frames they were given; they are read back by other means."""

import json
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from figures import animation
from figures.animation import Settings
from report.errors import ColophonError
from report.stage import Outputs

SMOOTH = Settings(frames=5, side=64, frames_per_second=10, hold=0.5)


def outputs_in(folder: Path) -> Outputs:
    folder.mkdir(exist_ok=True)
    return Outputs(folder, folder / "checkpoint", lambda items, *_: iter(items))


def ramp(count: int, height: int, width: int) -> np.ndarray:
    """Frames of one colour each that goes evenly from black to (200, 100, 50)."""
    levels = np.linspace(0, 1, count)[:, None, None, None]
    return np.broadcast_to(levels * [200, 100, 50], (count, height, width, 3)).astype(np.uint8)


def decode(path: Path) -> tuple[dict, np.ndarray]:
    """What ffmpeg tells of a video, and its frames."""
    reader = imageio_ffmpeg.read_frames(path)
    told = next(reader)
    width, height = told["size"]
    return told, np.stack([np.frombuffer(frame, np.uint8).reshape(height, width, 3) for frame in reader])


@pytest.fixture
def made(tmp_path: Path) -> Path:
    animation.write(ramp(21, 48, 64), outputs_in(tmp_path), "part/wombat", SMOOTH)
    return tmp_path


def test_frames_are_kept_at_even_steps_with_the_first_and_the_last(made):
    told = json.loads((made / "part/wombat/animation.json").read_text())
    assert told["kept"] == [0, 5, 10, 15, 20]
    stored = [np.asarray(Image.open(made / f"part/wombat/frame-{i}.jpg")).mean((0, 1)) for i in range(5)]
    assert np.allclose(stored, ramp(21, 1, 1)[::5, 0, 0], atol=3)
    assert (told["frames"], told["width"], told["height"], told["suffix"]) == (5, 64, 48, "jpg")


def test_frames_that_are_named_are_kept_in_place_of_even_steps(tmp_path):
    kept = animation.write(ramp(21, 48, 64), outputs_in(tmp_path), "wombat", SMOOTH, chosen=[0, 1, 2, 20])
    assert kept == [0, 1, 2, 20]
    assert len(list((tmp_path / "wombat").glob("frame-*.jpg"))) == 4


def test_no_frame_is_kept_twice_where_there_are_few():
    for count in range(1, 12):
        for most in range(2, 8):
            kept = animation.choose(count, most)
            assert len(set(kept)) == min(count, most)
            assert (kept[0], kept[-1]) == (0, count - 1)


def test_the_video_shows_the_frames_in_their_colours_and_holds_the_last(made):
    told, frames = decode(made / "part/wombat.mp4")
    assert (told["codec"], told["pix_fmt"].split("(")[0], told["fps"]) == ("h264", "yuv420p", 10)
    assert len(frames) == 5 + 5  # and 0.5 s at 10 a second
    expected = ramp(21, 1, 1)[[0, 5, 10, 15, 20, 20, 20, 20, 20, 20], 0, 0]
    assert np.abs(frames.mean((1, 2)) - expected).max() < 4


def test_the_video_begins_with_its_index_so_that_it_plays_before_it_is_whole(made):
    video = (made / "part/wombat.mp4").read_bytes()
    assert 0 < video.index(b"moov") < video.index(b"mdat")


def test_the_gif_shows_the_frames_again_and_again_and_stays_on_the_last(made):
    with Image.open(made / "part/wombat.gif") as gif:
        assert (getattr(gif, "n_frames", 1), gif.info["loop"]) == (5, 0)
        durations, means = [], []
        for index in range(5):
            gif.seek(index)
            durations.append(gif.info["duration"])
            means.append(np.asarray(gif.convert("RGB")).mean((0, 1)))
    assert durations == [100, 100, 100, 100, 600]
    assert np.allclose(means, ramp(21, 1, 1)[::5, 0, 0], atol=3)


def test_the_poster_is_the_last_frame_unless_another_is_named(made, tmp_path):
    poster = np.asarray(Image.open(made / "part/wombat-poster.jpg"))
    assert np.allclose(poster.mean((0, 1)), [200, 100, 50], atol=3)
    animation.write(ramp(21, 48, 64), outputs_in(tmp_path), "other", SMOOTH, poster=1)
    assert np.allclose(
        np.asarray(Image.open(tmp_path / "other-poster.jpg")).mean((0, 1)), [50, 25, 12], atol=3
    )
    assert json.loads((tmp_path / "other/animation.json").read_text())["poster"] == 1


def test_two_runs_give_the_same_bytes(tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (9, 31, 45, 3), dtype=np.uint8)
    for run in ("one", "two"):
        animation.write(frames, outputs_in(tmp_path / run), "noise", SMOOTH)

    def files(run: str) -> dict[str, bytes]:
        found = [path for path in (tmp_path / run).rglob("*") if path.is_file()]
        return {path.relative_to(tmp_path / run).as_posix(): path.read_bytes() for path in found}

    assert files("one") == files("two")
    assert len(files("one")) == 5 + 4


def test_large_frames_are_shrunk_to_the_side_and_keep_their_shape(tmp_path):
    animation.write(ramp(3, 300, 200), outputs_in(tmp_path), "tall", SMOOTH)
    assert Image.open(tmp_path / "tall/frame-0.jpg").size == (44, 64)  # 43 and a column for H.264


def test_small_frames_are_enlarged_by_whole_pixels_without_loss(tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    animation.write(frames, outputs_in(tmp_path), "letters", Settings(side=70))
    for index, frame in enumerate(frames):
        stored = np.asarray(Image.open(tmp_path / f"letters/frame-{index}.png"))
        assert (stored == np.kron(frame, np.ones((4, 4, 1), np.uint8))).all()
    assert np.asarray(Image.open(tmp_path / "letters-poster.png")).shape == (64, 64, 3)


def test_a_lower_quality_makes_smaller_files(tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), dtype=np.uint8)
    sizes = []
    for quality, crf in ((90, 15), (40, 35)):
        folder = tmp_path / str(crf)
        animation.write(frames, outputs_in(folder), "noise", Settings(side=64, quality=quality, crf=crf))
        sizes.append([(folder / name).stat().st_size for name in ("noise/frame-0.jpg", "noise.mp4")])
    assert all(large > 1.5 * small for large, small in zip(*sizes, strict=True))


@pytest.mark.parametrize(
    ("frames", "more", "message"),
    [
        (np.zeros((4, 8, 8), np.uint8), {}, r"frames of shape \(4, 8, 8\), uint8\s+They are \(n, height"),
        (np.zeros((4, 8, 8, 3)), {}, r"frames of shape \(4, 8, 8, 3\), float64"),
        (np.zeros((0, 8, 8, 3), np.uint8), {}, r"and n is at least 1"),
        (ramp(4, 8, 8), {"chosen": [0, 4]}, r"the frames \[0, 4\] of 4\s+Choose at least one, from 0 to 3"),
        (ramp(4, 8, 8), {"poster": 4}, r"its frame 4 as poster, but keeps 4"),
        (ramp(4, 8, 8), {"name": "50 % off"}, r"'50 % off' is no name for an animation"),
    ],
)
def test_what_is_no_animation_is_refused(tmp_path, frames, more, message):
    arguments = {"name": "wombat", "settings": SMOOTH} | more
    with pytest.raises(ColophonError, match=message):
        animation.write(frames, outputs_in(tmp_path), **arguments)


@pytest.mark.parametrize("wrong", [{"frames": 1}, {"quality": 100}, {"crf": 52}, {"side": 8}, {"fps": 3}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValidationError):
        Settings(**wrong)
