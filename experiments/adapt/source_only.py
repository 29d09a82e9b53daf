"""Train on the source domain alone, and measure on both: what there is to gain from adaptation."""

from experiments.adapt.alone import Metrics, Settings, train_on
from report import stage


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes <variant>-<seed>.safetensors."""
    return train_on("source", settings, inputs, outputs)
