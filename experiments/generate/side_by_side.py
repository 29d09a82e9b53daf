"""Tasks on all cores with progress."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from experiments.nn import device
from experiments.nn.threads import in_order
from report.stage import Outputs

Task = TypeVar("Task")
Answer = TypeVar("Answer")


def each(
    work: Callable[[Task], Answer], tasks: Sequence[Task], outputs: Outputs, label: str
) -> list[Answer]:
    """The answers in the order of the tasks: on a CPU a task a core, on a GPU one by one."""
    with device.single_threaded() as threads:
        threads = 1 if device.choose().type == "cuda" else threads
        return list(outputs.progress(in_order(work, tasks, threads), len(tasks), label=label))
