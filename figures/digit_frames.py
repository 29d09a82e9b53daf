"""Animations of chapter 4: what fixed noises become while a generator is trained."""

import numpy as np
from pydantic import Field

from figures import animation
from figures.sheets import sheet, square_of
from report.stage import Inputs, Outputs

STAGE, CONDITIONAL = "generate/dcgan", "generate/cdcgan"


class Settings(animation.Settings):
    """As every animation's, for few frames of many small pictures."""

    frames: int = Field(default=16, ge=2, le=300, description="sheets of sharp pixels are large files")
    side: int = Field(
        default=680, ge=16, le=1080, description="twice that of ten pictures of 32 pixels with gaps: sharp"
    )
    frames_per_second: int = Field(default=4, ge=1, le=50, description="slow enough to follow a digit")


def animate(settings: Settings, inputs: Inputs, outputs: Outputs) -> None:
    """Writes `default` and `conditional`, a frame each time that the noises were drawn."""
    default = next(r for r in inputs.all(STAGE) if r.metrics["slug"] == "default")
    sheets = np.stack([sheet(*square_of(frame, 8)) for frame in default.array("frames")])
    animation.write(sheets, outputs, "default", settings)
    frames = inputs[CONDITIONAL].array("conditional-frames")
    animation.write(np.stack([sheet(frame, 10) for frame in frames]), outputs, "conditional", settings)
