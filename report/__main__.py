"""`python -m report`: run from a project's folder."""

import os
import sys

from report import FORKS
from report.errors import Forked


def command() -> int:
    from report.cli import main

    try:
        return main()
    except Forked:  # by a server that `report make` started
        pass
    return main()


if os.environ.get(FORKS):
    from report.fork_client import run_in_fork

    run_in_fork()
sys.exit(command())
