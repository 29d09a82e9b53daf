"""Animations of chapter 4: what fixed noises become while a generator is trained."""

import numpy as np
from pydantic import Field

from figures import animation
from figures.sheets import sheet, square_of
from report.stage import Inputs, Outputs

STAGE, CONDITIONAL = "generate/dcgan", "generate/cdcgan"
ANIMATED = ("default", "long")


class Settings(animation.Settings):
    """As every animation's, for few frames of many small pictures."""

    side: int = Field(default=340, ge=16, le=1080, description="ten pictures of 32 pixels and the gaps")
    frames_per_second: int = Field(default=5, ge=1, le=50, description="slow enough to follow a digit")


def animate(settings: Settings, inputs: Inputs, outputs: Outputs) -> None:
    """Writes dcgan-<variant> for `ANIMATED` and cdcgan-<variant> for each, a frame an array of pictures."""
    for result in inputs.all(STAGE):
        if result.metrics["slug"] in ANIMATED:
            frames = np.stack([sheet(*square_of(frame, 8)) for frame in result.array("frames")])
            animation.write(frames, outputs, f"dcgan-{result.metrics['slug']}", settings)
    conditional = inputs[CONDITIONAL]
    for variant in conditional.metrics["variants"]:
        frames = np.stack([sheet(frame, 10) for frame in conditional.array(f"{variant['slug']}-frames")])
        animation.write(frames, outputs, f"cdcgan-{variant['slug']}", settings)
