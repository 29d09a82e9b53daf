"""Tasks in threads: their order, how many are begun, and errors."""

import threading
import time

import pytest

from experiments.nn.threads import in_order


def test_answers_come_in_order_and_few_tasks_are_begun_ahead() -> None:
    begun = []

    def work(task: int) -> int:
        begun.append(task)
        time.sleep(0.01 if task % 2 else 0)
        return task * task

    answers = in_order(work, range(50), threads=2)
    assert [next(answers) for _ in range(3)] == [0, 1, 4]
    assert len(begun) <= 3 + 4
    assert list(answers) == [task * task for task in range(3, 50)]


def test_an_error_in_a_thread_reaches_the_caller_and_ends_the_threads() -> None:
    def work(task: int) -> int:
        if task == 3:
            raise ValueError("task 3")
        return task

    before = threading.active_count()
    with pytest.raises(ValueError, match="task 3"):
        list(in_order(work, range(100), threads=2))
    assert threading.active_count() == before
