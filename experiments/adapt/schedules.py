"""The practical's schedule of the reversal by its constant c: where it ends, and what it is on the way."""

from typing import Annotated

import numpy as np
from pydantic import Field

from experiments.adapt.reversal import STEEPEST, mean_over_training, practical
from report import stage
from report.stage import quantity

POINTS = 201  # of each curve


class Settings(stage.Settings):
    c_values: tuple[Annotated[float, Field(gt=0, le=STEEPEST)], ...] = Field(
        default=(1, 2, 3, 5, 10), min_length=1, description="the practical's 2, the paper's 10, and between"
    )


class Schedule(stage.Metrics):
    c: float = quantity("the schedule's constant")
    half: float = quantity("strength half-way through training", "", 4)
    end: float = quantity("strength at the end of training", "", 4)
    mean: float = quantity("mean of the strength over training", "", 4)


class Metrics(stage.Metrics):
    rows: list[Schedule] = quantity("one entry a constant")
    practical: Schedule = quantity("the practical's constant")
    paper: Schedule = quantity("the paper's constant")


def run(settings: Settings, inputs: stage.Inputs, outputs: stage.Outputs) -> Metrics:
    """Writes progress (201,) and strengths (constants, 201)."""
    progress = np.linspace(0, 1, POINTS)
    outputs.save("progress", progress)
    outputs.save("strengths", np.stack([practical(c).at(progress) for c in settings.c_values]))
    return Metrics(rows=[_row(c) for c in settings.c_values], practical=_row(2), paper=_row(10))


def _row(c: float) -> Schedule:
    schedule = practical(c)
    half = float(schedule.at(np.array(0.5)))
    return Schedule(c=c, half=half, end=schedule.end, mean=mean_over_training(schedule))
