"""What the reversed gradient does, and how much of it: without it, fixed, by c, by end and slope apart.

All trainings are one sweep; a seed has the same initial weights and pictures in each of them, so that
they can be compared seed by seed.
"""

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
    fixed: tuple[Literal["not-reversed", "cut", "full"], ...] = Field(
        default=("not-reversed", "cut", "full"), description="strengths that do not change in training"
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
    epochs: int = quantity("passes over the training pictures in each training, a count")
    seeds: int = quantity("trainings a row, but for the grid, a count")
    grid_seeds: int = quantity("trainings a row of the grid, a count")
    trainings: int = quantity("trainings in all, a count")
    baseline: Baseline = quantity(
        "what the runs are held against to say that they failed: the runs that learn from the source alone"
    )
    fixed: list[Row] = quantity("strengths that do not change in training")
    by_c: list[Row] = quantity("the practical's schedule, by its constant")
    grid: list[Row] = quantity("end and slope apart, row by row of the end")
    oracle: Row | None = quantity("the row by c with the highest target accuracy: chosen by target labels")
    failures: int = quantity("trainings that failed, a count")
    diverged: int = quantity("trainings among them whose loss ceased to be finite, a count")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes nothing but the metrics.

    A run is held against those of this very sweep whose gradient is cut off, which were trained as long.
    """
    both = domains.load(settings, inputs.data)
    grid = [Schedule(end, slope) for end in settings.strengths for slope in settings.slopes]
    kinds: list[tuple[str, str, float | None, Schedule, tuple[int, ...]]] = [
        *((slug, FIXED[slug][0], None, FIXED[slug][1], settings.seeds) for slug in settings.fixed),
        *(("c", f"reversed, c = {c:g}", c, practical(c), settings.seeds) for c in settings.c_values),
        *(("grid", "", None, schedule, settings.grid_seeds) for schedule in grid),
    ]
    plans = [Plan(seed, schedule) for *_, schedule, seeds in kinds for seed in seeds]
    recipe = settings.recipe(settings.epochs)
    pools = [pool(both.source), pool(both.target, labelled=False)]
    trained = train(plans, pools, recipe, Shape(settings.channels), outputs, "sweep")
    runs = evaluate(trained, both, None)
    of_kind = [[runs.pop(0) for _ in seeds] for *_, seeds in kinds]
    alone = of_kind[settings.fixed.index("cut")]
    baseline = Baseline(
        source=fmean(run.source for run in alone),
        target=fmean(run.target for run in alone),
        margin=settings.margin,
    )
    rows = []
    for (slug, title, c, schedule, _), own in zip(kinds, of_kind, strict=True):
        if own is not alone:
            own = [judged(run, baseline) for run in own]
        fields = summarize(own, **methods.about(trained, recipe), title=title, shuffled=False)
        slope = None if isinf(schedule.slope) else schedule.slope
        rows.append(Row(**fields, slug=slug, c=c, end=schedule.end, slope=slope))
    by_c = [row for row in rows if row.slug == "c"]
    return Metrics(
        **evaluation.about(both),
        epochs=settings.epochs,
        seeds=len(settings.seeds),
        grid_seeds=len(settings.grid_seeds),
        trainings=len(plans),
        baseline=baseline,
        fixed=[row for row in rows if row.slug in FIXED],
        by_c=by_c,
        grid=[row for row in rows if row.slug == "grid"],
        oracle=max(by_c, key=lambda row: row.target.value, default=None),
        failures=sum(row.failures for row in rows),
        diverged=sum(row.diverged for row in rows),
    )


def judged(run: Run, baseline: Baseline) -> Run:
    """`run`, with why it failed against `baseline`."""
    failed = baseline.why_failed(run.source, run.target, run.stopped)
    return Run.model_validate(run.model_dump() | {"failed": failed})
