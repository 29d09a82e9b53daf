"""Train on the target domain with its labels, which adaptation does not have: the ceiling."""

from experiments.adapt.alone import Metrics, Settings, train_on
from report import stage


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes <variant>-<seed>.safetensors."""
    return train_on("target", settings, inputs, outputs)
