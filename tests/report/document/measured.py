"""Metrics as templates see them, made without a stage."""

from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from report.document.values import Origin, Value
from report.stage import Metrics, quantity


class Accuracy(Metrics):
    value: float = quantity("a share", "fraction", 1)
    low: float = quantity("its lower end", "fraction", 1)
    high: float = quantity("its upper end", "fraction", 1)
    correct: int = quantity("right answers, a count")
    total: int = quantity("answers, a count")


class Fit(Metrics):
    title: str = quantity("the network")
    layer: str = quantity("the layer")
    family: str = quantity("its family")
    accuracy: Accuracy = quantity("of the test images")
    correct: str = quantity("the array of right answers")


class Numbers(Metrics):
    data: str = quantity("the data set")
    count: int = quantity("a count")
    time: float = quantity("a duration", "s", 1)
    score: float = quantity("a score", "", 2)
    shares: list[float] = quantity("a share a seed", "fraction", 1)


def value_of(metrics: Metrics, folder: Path = Path()) -> Value:
    schema = type(metrics).model_json_schema(mode="serialization")
    return Value(Origin("part/stage", folder), (), metrics.model_dump(mode="json"), schema, schema)


def accuracy(right: int, total: int) -> Accuracy:
    low, high = stats.binomtest(right, total).proportion_ci(method="wilson")
    return Accuracy(value=right / total, low=low, high=high, correct=right, total=total)


def classifier(folder: Path, right: Any, name: str = "net", **about: str) -> Value:
    """A classifier whose answers on each image (n,) are `right`, written to `folder`; labels 0, 1, 2, 0 …"""
    answers = np.asarray(right, bool)
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / f"correct-{name}.npy", answers)
    np.save(folder / "labels.npy", np.arange(len(answers)) % 3)
    words = {"title": name, "layer": "fc", "family": "convolutional"} | about
    made = accuracy(int(answers.sum()), len(answers))
    return value_of(Fit(accuracy=made, correct=f"correct-{name}", **words), folder)


def seeds(*shares: float) -> list[Value]:
    """Share metrics, one a seed."""
    whole = value_of(Numbers(data="digits", count=5, time=1.0, score=0.5, shares=list(shares)))
    return list(whole.shares)
