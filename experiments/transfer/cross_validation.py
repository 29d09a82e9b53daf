"""Stratified cross-validation on the training set: how C and the number of components are chosen."""

from collections.abc import Sequence

import numpy as np
from pydantic import Field
from sklearn.model_selection import StratifiedKFold

from experiments.transfer.svm import SolverSettings
from report import stage
from report.errors import ColophonError
from report.stage import quantity


class Settings(SolverSettings):
    folds: int = Field(default=5, ge=2, le=20, description="the published reports' number")
    fold_seed: int = Field(default=0, ge=0, lt=2**31, description="of which image falls in which fold")


class CrossValidation(stage.Metrics):
    value: float = quantity("mean accuracy over the folds", "fraction", 1)
    standard_deviation: float = quantity("standard deviation over the folds", "fraction", 1)
    standard_error: float = quantity("that over the root of the number of folds", "fraction", 1)


def split_folds(labels: np.ndarray, settings: Settings) -> list[tuple[np.ndarray, np.ndarray]]:
    """Indices to train on and to validate on, for each fold; every class in the same share.

    Raises ColophonError where a class has fewer images than there are folds.
    """
    smallest = int(np.bincount(labels)[np.unique(labels)].min())
    if smallest < settings.folds:
        raise ColophonError(
            f"a class of {smallest} training images cannot be spread over {settings.folds} folds",
            f"Set folds to at most {smallest}, or train_per_class higher.",
        )
    folds = StratifiedKFold(settings.folds, shuffle=True, random_state=settings.fold_seed)
    return list(folds.split(labels, labels))


def summarize(accuracies: Sequence[float]) -> CrossValidation:
    """The mean of the folds' accuracies and their spread."""
    deviation = float(np.std(accuracies, ddof=1))
    return CrossValidation(
        value=float(np.mean(accuracies)),
        standard_deviation=deviation,
        standard_error=deviation / len(accuracies) ** 0.5,
    )


def choose(found: Sequence[CrossValidation]) -> tuple[int, list[int]]:
    """Of candidates in rising order the best, and those within one standard error of it.

    The best has the highest mean; of equals it is the first. The second answer holds the best too.
    """
    values = [round(entry.value, 12) for entry in found]  # sums of equal folds may differ in the last bit
    best = int(np.argmax(values))
    floor = values[best] - found[best].standard_error
    return best, [index for index, value in enumerate(values) if value >= floor - 1e-12]
