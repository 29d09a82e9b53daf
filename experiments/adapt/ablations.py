"""What the reversed gradient does, and how much of it: without it, fixed, by c, by end and slope apart.

Trainings of the same length are one sweep; a seed has the same initial weights and pictures in each of
them, so that they can be compared seed by seed. The published runs at a fixed strength are shorter than
those of the published sweep over c, so that there are two lengths, and trainings of both in either.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isinf
from statistics import fmean
from typing import Annotated, Literal

from pydantic import Field, field_validator

from experiments.adapt import evaluation, methods
from experiments.adapt.evaluation import Baseline, Method, Run, evaluate, pool, summarize
from experiments.adapt.networks import Shape
from experiments.adapt.reversal import STEEPEST, Schedule, practical
from experiments.adapt.sweep import Plan, train
from experiments.data import domains
from report import stage
from report.stage import quantity

FIXED: dict[str, tuple[str, Schedule]] = {
    "not-reversed": ("as it is, not reversed", Schedule(-1.0)),
    "cut": ("cut off", Schedule(0.0)),
    "full": ("reversed, in full from the start", Schedule(1.0)),
}


class Settings(methods.Settings):
    epochs: int = Field(default=30, ge=1, le=1000, description="of the published sweep over c")
    fixed_epochs: int = Field(
        default=20, ge=1, le=1000, description="of the published runs whose strength does not change"
    )
    fixed: tuple[Literal["not-reversed", "cut", "full"], ...] = Field(
        default=("not-reversed", "cut", "full"), description="strengths that do not change in training"
    )
    fixed_c: tuple[Annotated[float, Field(gt=0, le=STEEPEST)], ...] = Field(
        default=(2, 10), description="of the schedules that are trained as long, to compare them with"
    )
    c_values: tuple[Annotated[float, Field(gt=0, le=STEEPEST)], ...] = Field(
        default=(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), description="1 to 9 published; the paper's is 10"
    )
    strengths: tuple[Annotated[float, Field(ge=0, le=10)], ...] = Field(
        default=(0.25, 0.5, 1, 2), description="at the end of training, for the grid"
    )
    slopes: tuple[Annotated[float, Field(ge=0, le=STEEPEST)], ...] = Field(
        default=(1, 3, 10), description="for the grid; 0 is a straight line"
    )
    grid_seeds: tuple[int, ...] = Field(
        default=(1, 2, 3), min_length=2, description="fewer than of the others: a grid is large"
    )
    margin: float = Field(default=5, ge=0, le=100, description="that of adapt/dann")

    @field_validator("fixed")
    @classmethod
    def hold_cut(cls, fixed: tuple[str, ...]) -> tuple[str, ...]:
        if "cut" not in fixed:
            raise ValueError("cut must be among them: by its runs it is told which of the others failed")
        return fixed


class Row(Method):
    slug: str = quantity("the row's name: one of the fixed strengths, c or grid")
    c: float | None = quantity("the constant of the practical's schedule; none for other schedules")
    end: float = quantity("the reversal's strength at the end of training", "", 3)
    slope: float | None = quantity("of the schedule; none where the strength is constant")


class Metrics(evaluation.About):
    epochs: int = quantity("passes over the training pictures in a training of the sweep over c, a count")
    fixed_epochs: int = quantity("the same where the strength does not change, a count")
    seeds: int = quantity("trainings a row, but for the grid, a count")
    grid_seeds: int = quantity("trainings a row of the grid, a count")
    trainings: int = quantity("trainings in all, a count")
    baseline: Baseline = quantity(
        "what the runs of the sweep are held against to say that they failed: those of its length whose "
        "gradient is cut off, which learn from the source alone"
    )
    fixed: list[Row] = quantity("strengths that do not change in training")
    scheduled: list[Row] = quantity(
        "the practical's schedule in trainings as long as those, by its constant"
    )
    by_c: list[Row] = quantity("the practical's schedule in the sweep, by its constant")
    grid: list[Row] = quantity("end and slope apart, row by row of the end")
    oracle: Row | None = quantity("the row by c with the highest target accuracy: chosen by target labels")
    failures: int = quantity("trainings that failed, a count")
    diverged: int = quantity("trainings among them whose loss ceased to be finite, a count")


@dataclass(frozen=True)
class Kind:
    """Trainings that differ in their seed alone."""

    slug: str
    title: str
    c: float | None
    schedule: Schedule
    seeds: tuple[int, ...]


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes nothing but the metrics.

    A run is held against those of its own length whose gradient is cut off.
    """
    both = domains.load(settings, inputs.data)
    fixed = [Kind(slug, FIXED[slug][0], None, FIXED[slug][1], settings.seeds) for slug in settings.fixed]
    cut = fixed[settings.fixed.index("cut")]
    scheduled, by_c = (
        [Kind("c", f"reversed, c = {c:g}", c, practical(c), settings.seeds) for c in values]
        for values in (settings.fixed_c, settings.c_values)
    )
    schedules = [Schedule(end, slope) for end in settings.strengths for slope in settings.slopes]
    grid = [Kind("grid", "", None, schedule, settings.grid_seeds) for schedule in schedules]
    kinds, swept = [*fixed, *scheduled], [cut, *by_c, *grid]
    if settings.fixed_epochs == settings.epochs:
        rows = of_fixed = _train([*kinds, *swept], settings.epochs, "sweep", settings, both, outputs)
        every = list(rows.values())
    else:
        of_fixed = _train(kinds, settings.fixed_epochs, "fixed strengths", settings, both, outputs)
        rows = _train(swept, settings.epochs, "sweep", settings, both, outputs)
        every = [*of_fixed.values(), *rows.values()]
    return Metrics(
        **evaluation.about(both),
        epochs=settings.epochs,
        fixed_epochs=settings.fixed_epochs,
        seeds=len(settings.seeds),
        grid_seeds=len(settings.grid_seeds),
        trainings=sum(len(row.runs) for row in every),
        baseline=_baseline(rows[cut].runs, settings),
        fixed=[of_fixed[kind] for kind in fixed],
        scheduled=[of_fixed[kind] for kind in scheduled],
        by_c=[rows[kind] for kind in by_c],
        grid=[rows[kind] for kind in grid],
        oracle=max((rows[kind] for kind in by_c), key=lambda row: row.target.value, default=None),
        failures=sum(row.failures for row in every),
        diverged=sum(row.diverged for row in every),
    )


def _train(
    kinds: Sequence[Kind],
    epochs: int,
    label: str,
    settings: Settings,
    both: domains.Domains,
    outputs: stage.Outputs,
) -> dict[Kind, Row]:
    """The rows of `kinds`, each trained once, held against those among them whose gradient is cut off."""
    kinds = list(dict.fromkeys(kinds))
    plans = [Plan(seed, kind.schedule) for kind in kinds for seed in kind.seeds]
    recipe = settings.recipe(epochs)
    pools = [pool(both.source), pool(both.target, labelled=False)]
    trained = train(plans, pools, recipe, Shape(settings.channels), outputs, label)
    runs = evaluate(trained, both, None)
    of_kind = {kind: [runs.pop(0) for _ in kind.seeds] for kind in kinds}
    baseline = _baseline(next(own for kind, own in of_kind.items() if kind.slug == "cut"), settings)
    rows = {}
    for kind, own in of_kind.items():
        if kind.slug != "cut":
            own = [judged(run, baseline) for run in own]
        fields = summarize(own, **methods.about(trained, recipe), title=kind.title, shuffled=False)
        slope = None if isinf(kind.schedule.slope) else kind.schedule.slope
        rows[kind] = Row(**fields, slug=kind.slug, c=kind.c, end=kind.schedule.end, slope=slope)
    return rows


def _baseline(cut: Sequence[Run], settings: Settings) -> Baseline:
    return Baseline(
        source=fmean(run.source for run in cut),
        target=fmean(run.target for run in cut),
        margin=settings.margin,
    )


def judged(run: Run, baseline: Baseline) -> Run:
    """`run`, with why it failed against `baseline`."""
    failed = baseline.why_failed(run.source, run.target, run.stopped)
    return Run.model_validate(run.model_dump() | {"failed": failed})
