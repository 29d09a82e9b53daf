from pathlib import Path

import pytest

from tests.recorded_project import recorded_once_of
from tests.tiny import Tiny


@pytest.fixture(scope="session")
def recorded_once(built_once: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return recorded_once_of(built_once.copy(tmp_path_factory.mktemp("recorded") / "a tiny project"))


@pytest.fixture
def recorded(recorded_once: Tiny, tmp_path: Path) -> Tiny:
    """The project with three stages more, where it was built and recorded."""
    return recorded_once.copy(tmp_path / "where it ran")


@pytest.fixture
def clone(recorded_once: Tiny, tmp_path: Path) -> Tiny:
    """Its clone on another machine, without build and data."""
    return recorded_once.copy(tmp_path / "a clone", "build", "data")
