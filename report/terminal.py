"""Where tables are printed."""

import sys

from rich.console import Console

PIPE_WIDTH = 200  # columns where no terminal tells its width


def terminal() -> Console:
    """The standard output, as wide as the terminal that it is."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
