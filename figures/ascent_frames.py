"""Animations of class visualisation: how a class comes out of noise, or out of a picture."""

from figures import animation
from figures.ascent import STAGE
from report.stage import Inputs, Outputs

Settings = animation.Settings


def animate(settings: Settings, inputs: Inputs, outputs: Outputs) -> None:
    """Writes <variant>-<network> for every variant whose frames were kept."""
    for result in inputs.all(STAGE):
        for name, drawn in result.metrics["variants"].items():
            if drawn["frames"]:
                animation.write(
                    result.array(drawn["frames"]), outputs, f"{name}-{result.metrics['slug']}", settings
                )
