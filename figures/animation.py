"""An animation from one source of frames: pictures for the PDF, a video, a GIF and a poster."""

import json
import re
import subprocess
from collections.abc import Sequence

import imageio_ffmpeg
import numpy as np
from PIL import Image
from pydantic import Field

from figures.pictures import enlargement, fitted
from report import stage
from report.errors import ColophonError
from report.stage import Outputs

WORD = "[A-Za-z0-9_=-][A-Za-z0-9_.=-]*"  # of a name, which stands in a path that LaTeX reads
PALETTE_FROM = 12  # frames whose colours make a GIF's palette, the costly part of it


class Settings(stage.Settings):
    """How many frames are kept, and how they are scaled, timed and compressed."""

    frames: int = Field(default=24, ge=2, le=300, description="most that are kept, first and last included")
    side: int = Field(default=224, ge=16, le=1080, description="pixels of a frame's longer side at most")
    frames_per_second: int = Field(default=10, ge=1, le=50, description="browsers slow down a faster GIF")
    hold: float = Field(default=1.5, ge=0, le=10, description="seconds of rest on the last frame")
    quality: int = Field(
        default=85, ge=1, le=95, description="of JPEG; Pillow advises against more than 95"
    )
    crf: int = Field(default=20, ge=0, le=51, description="H.264's rate factor: lower is better and larger")


def write(
    frames: np.ndarray,
    outputs: Outputs,
    name: str,
    settings: Settings,
    chosen: Sequence[int] | None = None,
    poster: int = -1,
) -> list[int]:
    """Writes an animation in every form; the same frames and settings give the same bytes.

    That is `<name>/frame-<i>.jpg` (`.png` where pixels were enlarged) and `<name>/animation.json`, from
    which a document is made, and `<name>.mp4`, `<name>.gif` and `<name>-poster.jpg` (or `.png`).

    Args:
        frames: (n, height, width, 3), uint8; may be memory-mapped, only the frames kept are read.
        outputs: where they are written.
        name: of the animation, part of the files' paths: letters, digits and any of `/ _ - . =`.
        settings: how frames are chosen, scaled and compressed.
        chosen: the indices of the frames to keep, in place of `settings.frames` at even steps.
        poster: which of the frames kept stands for the animation on paper and before it plays.

    Returns:
        The indices of the frames that were kept.

    Raises ColophonError for an array or indices that are no frames, and where ffmpeg fails.
    """
    require_frames(frames, name)
    kept = choose(len(frames), settings.frames) if chosen is None else list(chosen)
    require_indices(len(frames), name, kept, poster)
    pictures = [even(fitted(np.asarray(frames[index]), settings.side)) for index in kept]
    suffix = "png" if enlargement(frames[0], settings.side) > 1 else "jpg"
    for index, picture in enumerate(pictures):
        picture.save(outputs.path(f"{name}/frame-{index}.{suffix}"), quality=settings.quality)
    pictures[poster].save(outputs.path(f"{name}-poster.{suffix}"), quality=settings.quality)
    write_video(pictures, outputs, name, settings)
    write_gif(pictures, outputs, name, settings)
    width, height = pictures[0].size
    told = {
        "frames": len(kept),
        "kept": kept,
        "frames_per_second": settings.frames_per_second,
        "width": width,
        "height": height,
        "suffix": suffix,
        "poster": poster % len(kept),
    }
    outputs.path(f"{name}/animation.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return kept


def require_frames(frames: np.ndarray, name: str) -> None:
    if not re.fullmatch(f"{WORD}(/{WORD})*", name):
        raise ColophonError(
            f"{name!r} is no name for an animation",
            "Letters, digits and any of / _ - . = are allowed.",
        )
    if frames.ndim != 4 or frames.shape[-1] != 3 or 0 in frames.shape or frames.dtype != np.uint8:
        raise ColophonError(
            f"the animation {name} has frames of shape {frames.shape}, {frames.dtype}",
            "They are (n, height, width, 3), uint8, and n is at least 1.",
        )


def choose(count: int, most: int) -> list[int]:
    """At most `most` indices of `count` frames at even steps, the first and the last among them."""
    steps = np.linspace(0, count - 1, min(most, count))
    return [int(index) for index in steps.round()]


def require_indices(count: int, name: str, kept: list[int], poster: int) -> None:
    if not kept or not all(0 <= index < count for index in kept):
        raise ColophonError(
            f"the animation {name} is to keep the frames {kept} of {count}",
            f"Choose at least one, from 0 to {count - 1}.",
        )
    if not -len(kept) <= poster < len(kept):
        raise ColophonError(
            f"the animation {name} is to show its frame {poster} as poster, but keeps {len(kept)}",
            "Count from 0 among the frames kept, or from the end with -1.",
        )


def even(picture: Image.Image) -> Image.Image:
    """The picture with a width and a height that are even, as H.264 with halved chroma wants."""
    width, height = picture.size
    if width % 2 or height % 2:
        padded = np.pad(np.asarray(picture), ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        picture = Image.fromarray(padded)
    return picture


def write_video(pictures: list[Image.Image], outputs: Outputs, name: str, settings: Settings) -> None:
    """`<name>.mp4`: H.264 as every browser plays it, without dates, on one thread."""
    rate, (width, height) = settings.frames_per_second, pictures[0].size
    still = [pictures[-1]] * round(settings.hold * rate)
    words = [
        imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error",
        "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(rate), "-i", "-",
        "-vf", "scale=out_color_matrix=bt709:out_range=tv", "-pix_fmt", "yuv420p",
        "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv",
        "-c:v", "libx264", "-preset", "slow", "-crf", str(settings.crf), "-threads", "1",
        "-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1", "-movflags", "+faststart",
        outputs.path(f"{name}.mp4"),
    ]  # fmt: skip
    stream = b"".join(np.asarray(picture).tobytes() for picture in [*pictures, *still])
    done = subprocess.run(words, input=stream, capture_output=True, check=False)
    if done.returncode:
        raise ColophonError(
            f"ffmpeg made no video of the animation {name}: {done.stderr.decode(errors='replace').strip()}"
        )


def write_gif(pictures: list[Image.Image], outputs: Outputs, name: str, settings: Settings) -> None:
    """`<name>.gif`, which begins again forever; one palette for all, or still parts would flicker."""
    few = pictures[:: -(-len(pictures) // PALETTE_FROM)] + pictures[-1:]
    palette = Image.fromarray(np.concatenate([np.asarray(picture) for picture in few])).quantize(256)
    frame = 1000 // settings.frames_per_second
    durations = [frame] * (len(pictures) - 1) + [frame + round(1000 * settings.hold)]
    first, *others = [picture.quantize(palette=palette) for picture in pictures]
    first.save(outputs.path(f"{name}.gif"), save_all=True, append_images=others, duration=durations, loop=0)
