"""Where the weights of a backbone lie: downloaded, or trained by transfer/pretrain."""

from pathlib import Path

from experiments.nn.backbones import Backbone
from report.errors import ColophonError
from report.stage import Inputs


def weights_of(backbone: Backbone, inputs: Inputs) -> Path:
    """The weights file of a backbone. Raises ColophonError where it is missing."""
    if not backbone.is_small:
        return inputs.data(backbone.name)
    for result in inputs.all("transfer/pretrain"):
        if result.metrics["backbone"] == backbone.name:
            return result.path("weights.safetensors")
    raise ColophonError(
        f"{backbone.name} has no weights: transfer/pretrain did not train it",
        f"Add {backbone.name} to the profile's small_backbones.",
    )
