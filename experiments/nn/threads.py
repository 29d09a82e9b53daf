"""Tasks side by side on the cores."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

from experiments.nn import device

Task = TypeVar("Task")
Answer = TypeVar("Answer")


def in_threads(work: Callable[[Task], Answer], tasks: Iterable[Task]) -> list[Answer]:
    """The answers in order, a task a thread, each operation in one thread; on a GPU one by one."""
    if device.choose().type == "cuda":
        return [work(task) for task in tasks]
    with device.single_threaded() as threads:
        return list(in_order(work, tasks, threads))


def in_order(work: Callable[[Task], Answer], tasks: Iterable[Task], threads: int) -> Iterator[Answer]:
    """`map` in threads, at most twice as many tasks begun as there are threads."""
    waiting: deque[Future[Answer]] = deque()
    with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        try:
            for task in tasks:
                waiting.append(pool.submit(work, task))
                if len(waiting) >= 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
