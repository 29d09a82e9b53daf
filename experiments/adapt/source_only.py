"""Train on the source domain alone, and measure on both: what there is to gain from adaptation."""

from experiments.adapt import methods
from experiments.adapt.methods import VariantMethod, run_variants
from experiments.data import domains
from report import stage
from report.stage import quantity


class Settings(methods.VariantSettings):
    pass


class Metrics(stage.Metrics):
    source_title: str = quantity("the source domain's name")
    target_title: str = quantity("the target domain's name")
    methods: list[VariantMethod] = quantity("one entry a variant")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes <variant>-<seed>.safetensors."""
    both = domains.load(settings, inputs.data)
    return Metrics(
        source_title=both.source_title,
        target_title=both.target_title,
        methods=run_variants(settings, both, ["source"], None, None, outputs),
    )
