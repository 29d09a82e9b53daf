"""What a task is called: its id, and the identifier of its record in the colophon."""

import re
from typing import Any


def task_id(name: str, each: dict[str, Any]) -> str:
    words = [f"{key}={re.sub(r'[^A-Za-z0-9_.+-]', '-', str(value))}" for key, value in each.items()]
    return "/".join([name, *words])


def anchor(task_id: str) -> str:
    """The identifier of a task's record in the colophon."""
    return "stage-" + re.sub(r"[^\w.:]", "-", task_id).lower()
