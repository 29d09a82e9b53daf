"""Train on the source domain alone, and measure on both: what there is to gain from adaptation."""

from experiments.adapt import evaluation, methods
from experiments.adapt.methods import VariantMethod, run_variants
from experiments.data import domains
from report import stage
from report.stage import quantity


class Settings(methods.VariantSettings):
    pass


class Metrics(evaluation.About):
    methods: list[VariantMethod] = quantity("one entry a variant")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes <variant>-<seed>.safetensors."""
    both = domains.load(settings, inputs.data)
    return Metrics(
        **evaluation.about(both),
        methods=run_variants(settings, both, ["source"], None, None, outputs),
    )
