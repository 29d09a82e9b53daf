import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tiny import EVERYTHING, Tiny


@pytest.fixture(autouse=True)
def modules_of_its_own() -> Iterator[None]:
    """What a test imports of a tiny project as `experiments` and `figures` is gone after it."""

    def theirs() -> list[str]:
        return [name for name in sys.modules if name.split(".")[0] in ("experiments", "figures")]

    kept = {name: sys.modules.pop(name) for name in theirs()}
    path, hooks = sys.path[:], sys.path_hooks[:]
    yield
    for name in theirs():
        del sys.modules[name]
    sys.modules.update(kept)
    sys.path[:], sys.path_hooks[:] = path, hooks
    sys.path_importer_cache.clear()


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """Experiments and figures built from nothing; to be copied, not changed."""
    tiny = Tiny.create(tmp_path_factory.mktemp("first") / "a tiny project")
    done = tiny.make("figures")
    assert done.returncode == 0, done.stdout + done.stderr
    assert tiny.ran() == EVERYTHING
    return tiny


@pytest.fixture
def built(built_once: Tiny, tmp_path: Path) -> Tiny:
    """A tiny project with everything built, copied to another path."""
    return built_once.copy(tmp_path / "another folder")


@pytest.fixture
def bare(tmp_path: Path) -> Tiny:
    """A tiny project of which nothing is built."""
    return Tiny.create(tmp_path / "a tiny project")
