import os
from collections.abc import Iterator

import pytest

from tests.report.slurm.cluster import CannotRunError, Cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A Slurm of one node, to which the commands of the tests speak."""
    made = Cluster()
    try:
        try:
            made.start()
        except CannotRunError as error:
            pytest.skip(f"no Slurm can run here: {error}")
        os.environ["SLURM_CONF"] = str(made.configuration)
        yield made
    finally:
        made.stop()
        os.environ.pop("SLURM_CONF", None)
