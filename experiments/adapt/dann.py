"""Domain-adversarial training (Ganin & Lempitsky 2015): the practical's, and variants of it.

The last epoch's weights are measured: no label of the target domain chooses an epoch or a seed. The
improved variant's normalisation and schedule are an oracle's choice: they were picked by target accuracy.
"""

from pydantic import Field

from experiments.adapt import evaluation, methods
from experiments.adapt.evaluation import Baseline
from experiments.adapt.methods import Variant, VariantMethod, VariantName, baselines, run_variants
from experiments.adapt.networks import DOMAINS
from experiments.adapt.reversal import STEEPEST, mean_over_training, practical
from experiments.data import domains
from report import stage
from report.stage import quantity


class Settings(methods.VariantSettings):
    epochs: int = Field(default=20, ge=1, le=1000, description="the practical's")
    variants: tuple[VariantName, ...] = Field(
        default=("practical", "shuffled", "improved"), min_length=1, description="ways to train"
    )
    c: float = Field(default=2, gt=0, le=STEEPEST, description="of the schedule, the practical's")
    improved_c: float = Field(
        default=10, gt=0, le=STEEPEST, description="of the improved variant's schedule, the paper's"
    )
    margin: float = Field(
        default=5,
        ge=0,
        le=100,
        description="points of source accuracy that a run may lose against training on the source alone",
    )


class Metrics(evaluation.About):
    paired: bool = quantity("whether the i-th pictures of both domains show the same digit")
    c: float = quantity("the constant of the reversal's schedule")
    strength_end: float = quantity("the reversal's strength at the end of training", "", 3)
    strength_mean: float = quantity("its mean over training", "", 3)
    baseline: Baseline = quantity("what the practical's runs are held against to say that they failed")
    methods: list[VariantMethod] = quantity("one entry a variant")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes <variant>-<seed>.safetensors."""
    both = domains.load(settings, inputs.data)
    schedule = practical(settings.c)

    def constant(variant: Variant) -> float:
        return settings.improved_c if variant.improved else settings.c

    baseline = baselines(inputs["adapt/source_only"], settings.margin)
    return Metrics(
        **evaluation.about(both),
        paired=both.paired,
        c=settings.c,
        strength_end=schedule.end,
        strength_mean=mean_over_training(schedule),
        baseline=baseline["practical"],
        methods=run_variants(settings, both, DOMAINS, constant, baseline, outputs),
    )
