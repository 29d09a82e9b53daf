"""Quarto's route: to come."""

from report.errors import ColophonError
from report.render.tools import Job


def render(job: Job) -> None:
    """Not there yet."""
    raise ColophonError(f"{job.source}: rendering by Quarto is not there yet", "RENDERER=pandoc")
