"""The practical's linear classifier on features, and what is measured of it.

On raw features the solver stops at scikit-learn's tolerance well before the optimum: rounding in
the features, of float32 too, moves the accuracy of SqueezeNet's fire6 by 0.3 points. At a tolerance
of 1e-6 it moves by less than 0.1 (and is half a point lower).
"""

import warnings
from typing import Literal

import numpy as np
from pydantic import Field
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC

from experiments.statistics import Accuracy, ClassAccuracy, accuracy, class_accuracies
from report import stage
from report.stage import quantity

Scaling = Literal["raw", "normalized"]
SCALINGS: tuple[Scaling, ...] = ("raw", "normalized")


class SolverSettings(stage.Settings):
    max_iterations: int = Field(
        default=1_000_000, ge=1, le=10**7, description="the default 1000 is too few for raw features"
    )
    tolerance: float = Field(
        default=1e-4, ge=1e-12, le=1, description="scikit-learn's default, which the practical used"
    )
    seed: int = Field(default=0, ge=0, lt=2**31, description="of the solver's order of the samples")


class Settings(SolverSettings):
    c: float = Field(default=1.0, gt=0, le=1e6, description="the practical's C")


class Fit(stage.Metrics):
    accuracy: Accuracy = quantity("share of test images classified rightly")
    class_mean: float = quantity("mean over the classes of their accuracy", "fraction", 1)
    without_duplicates: Accuracy = quantity("accuracy without test images that are in train too")
    per_class: list[ClassAccuracy] = quantity("accuracy on the test images of each class")
    correct: str = quantity("the array that tells of each test image whether it was classified rightly")
    converged: bool | None = quantity("whether the solver converged; none of what trains for fixed epochs")


def scale(features: np.ndarray, scaling: Scaling) -> np.ndarray:
    """Features (n, d) as float64; `normalized` scales each row to Euclidean length 1."""
    features = np.asarray(features, float)
    return np.asarray(normalize(features)) if scaling == "normalized" else features


def fit(
    settings: Settings, train: np.ndarray, labels: np.ndarray, test: np.ndarray, scaling: Scaling
) -> tuple[np.ndarray, bool]:
    """Train on `train` (n, d) with `labels` (n,); the labels predicted for `test` (m, d) -> (m,).

    Also returns whether the solver converged.
    """
    return fit_scaled(settings, scale(train, scaling), labels, scale(test, scaling), settings.c)


def fit_scaled(
    settings: SolverSettings, train: np.ndarray, labels: np.ndarray, test: np.ndarray, c: float
) -> tuple[np.ndarray, bool]:
    """`fit` on features that are scaled already, with the penalty `c`."""
    machine = LinearSVC(
        C=c,
        tol=settings.tolerance,
        max_iter=settings.max_iterations,
        random_state=settings.seed,
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        machine.fit(train, labels)
    converged = not any(issubclass(w.category, ConvergenceWarning) for w in caught)
    return np.asarray(machine.predict(test)), converged


def score(
    predicted: np.ndarray,
    labels: np.ndarray,
    duplicates: np.ndarray,
    names: list[str],
    converged: bool | None,
    outputs: stage.Outputs,
    name: str,
) -> Fit:
    """Accuracies of `predicted` (m,) against `labels` (m,), with and without `duplicates` (m,).

    Writes `correct-<name>`, bool (m,), which a paired test of two classifiers needs.
    """
    outputs.save(f"correct-{name}", predicted == labels)
    per_class = class_accuracies(predicted, labels, names)
    return Fit(
        accuracy=accuracy(predicted, labels),
        class_mean=float(np.mean([entry.value for entry in per_class])),
        without_duplicates=accuracy(predicted[~duplicates], labels[~duplicates]),
        per_class=per_class,
        correct=f"correct-{name}",
        converged=converged,
    )
