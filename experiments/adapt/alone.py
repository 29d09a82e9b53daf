"""Training on one domain alone, without adaptation: what adaptation is held against."""

from experiments.adapt import evaluation, methods
from experiments.adapt.methods import VariantMethod, run_variants
from experiments.adapt.networks import Domain
from experiments.data import domains
from report import stage
from report.stage import quantity


class Settings(methods.VariantSettings):
    pass


class Metrics(evaluation.About):
    methods: list[VariantMethod] = quantity("one entry a variant")


def train_on(side: Domain, settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Train each variant on one domain with its labels; writes <variant>-<seed>.safetensors."""
    both = domains.load(settings, inputs.data)
    return Metrics(
        **evaluation.about(both),
        methods=run_variants(settings, both, [side], None, None, outputs),
    )
