"""Progress where there is no terminal: a line now and then, with the time left."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.build import progress
from report.build.progress import ProgressReporter, duration, wants_bar


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"), (0.44, "0.4 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"),
        (59.6, "1 min 00 s"), (200, "3 min 20 s"), (3599.6, "1 h 00 min"), (7500, "2 h 05 min"),
    ],
)  # fmt: skip
def test_a_duration_reads_as_people_say_it(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@given(st.floats(0, 10**6))
def test_a_duration_is_told_within_a_half_of_its_last_place(seconds: float) -> None:
    number = {"s": 1.0, "min": 60.0, "h": 3600.0}
    parts = duration(seconds).split()
    told = sum(float(value) * number[unit] for value, unit in zip(parts[::2], parts[1::2], strict=True))
    assert abs(told - seconds) <= {"h": 60.5, "min": 0.5, "s": 0.5}[parts[1]]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that stands still until it is told to go on."""
    fake = SimpleNamespace(now=100.0)
    fake.monotonic = lambda: fake.now
    monkeypatch.setattr(progress, "time", fake)
    return fake


def items(clock: SimpleNamespace, count: int, seconds: float) -> Iterator[int]:
    for number in range(count):
        clock.now += seconds
        yield number


def test_a_line_now_and_then_tells_how_many_are_done_and_the_time_left(
    clock: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    tell = ProgressReporter("transfer/pretrain", bar=False)
    assert list(tell(items(clock, 40, 3.0), 40, "batch", "epoch 1")) == list(range(40))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "  transfer/pretrain: epoch 1 4 of 40 batch, 1 min 48 s left"
    assert lines[-1] == "  transfer/pretrain: epoch 1 36 of 40 batch, 12 s left"
    assert len(lines) == 9


def test_a_length_is_taken_from_the_items_and_without_one_no_time_is_told(
    clock: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    tell = ProgressReporter("a", bar=False)
    for _ in tell(["x", "y", "z"], None, "it", ""):
        clock.now += 20
    assert capsys.readouterr().out == "  a: 1 of 3 it, 40 s left\n  a: 2 of 3 it, 20 s left\n"
    list(tell(items(clock, 2, 20.0), None, "it", ""))
    assert capsys.readouterr().out == "  a: 1 it\n  a: 2 it\n"


def test_a_bar_is_drawn_on_a_terminal_alone_and_for_one_stage_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("COLOPHON_SIDE_BY_SIDE", raising=False)
    monkeypatch.setattr("sys.stderr", SimpleNamespace(isatty=lambda: True))
    assert wants_bar()
    monkeypatch.setenv("COLOPHON_SIDE_BY_SIDE", "1")
    assert not wants_bar()
    monkeypatch.setattr("sys.stderr", SimpleNamespace(isatty=lambda: False))
    monkeypatch.setenv("COLOPHON_SIDE_BY_SIDE", "")
    assert not wants_bar()
