"""Small networks with random weights whose pictures are looked at or attacked."""

from collections.abc import Callable
from typing import Any

import pytest

from experiments.visualize import frozen
from experiments.visualize.frozen import Frozen
from report import stage


@pytest.fixture
def nothing() -> Callable[[str], Any]:
    """What locates data where none may be asked for."""
    return lambda name: pytest.fail(f"{name} was asked for")


@pytest.fixture
def load(nothing) -> Callable[[stage.Result], Frozen]:
    """Loads the network of a result of transfer/pretrain."""
    return lambda result: frozen.load(result.metrics["backbone"], stage.Inputs([result], nothing))


@pytest.fixture
def small(load, untrained) -> Frozen:
    return load(untrained("small/squeezenet"))
