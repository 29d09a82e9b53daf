"""`python -m report`: run from a project's folder."""

import sys

from report.errors import Forked
from report.fork_client import run_in_fork


def command() -> int:
    from report.cli import main

    try:
        return main()
    except Forked:  # by a server that `report make` started
        pass
    return main()


run_in_fork()
sys.exit(command())
