"""Domain-adversarial training (Ganin & Lempitsky 2015): the practical's, and variants of it.

The last epoch's weights are measured: no label of the target domain chooses an epoch, a seed or a setting.
"""

from pydantic import Field

from experiments.adapt import choice, evaluation
from experiments.adapt.choice import Choice, choose
from experiments.adapt.evaluation import Baseline
from experiments.adapt.methods import (
    VARIANTS,
    Variant,
    VariantMethod,
    VariantName,
    Way,
    baselines,
    run_variants,
)
from experiments.adapt.networks import DOMAINS
from experiments.adapt.reversal import STEEPEST
from experiments.data import domains
from report import stage
from report.stage import quantity


class Settings(choice.Settings):
    epochs: int = Field(default=20, ge=1, le=1000, description="the practical's")
    variants: tuple[VariantName, ...] = Field(
        default=("practical", "shuffled", "improved"), min_length=1, description="ways to train"
    )
    c: float = Field(default=2, gt=0, le=STEEPEST, description="of the schedule, the practical's")


class Metrics(evaluation.About):
    c: float = quantity("the constant of the reversal's schedule")
    baseline: Baseline = quantity("what the practical's runs are held against to say that they failed")
    choice: Choice | None = quantity("how the improved variant's settings were chosen; none without it")
    methods: list[VariantMethod] = quantity("one entry a variant")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes <variant>-<seed>.safetensors."""
    both = domains.load(settings, inputs.data)
    wanted = any(VARIANTS[name].improved for name in settings.variants)
    chosen = choose(settings, both, outputs) if wanted else None

    def way(variant: Variant) -> Way:
        return chosen.way if chosen and variant.improved else Way(settings.c, "none")

    baseline = baselines(inputs["adapt/source_only"], settings.margin)
    return Metrics(
        **evaluation.about(both),
        c=settings.c,
        baseline=baseline["practical"],
        choice=chosen,
        methods=run_variants(settings, both, DOMAINS, way, baseline, outputs),
    )
