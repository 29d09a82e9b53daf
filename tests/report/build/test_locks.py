"""One stage on a GPU at a time, and none at all where a stage must do without."""

import os
import tempfile
import threading
from pathlib import Path

import pytest

from report.build import locks
from report.build.locks import device, exclusive, is_held, take_one, visible_gpus
from report.errors import ColophonError
from tests.tiny import wait_for


@pytest.fixture
def two_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that shows two GPUs, numbered as a container may, with other files beside them."""
    for name in ("nvidia2", "nvidia3", "nvidiactl", "nvidia-uvm", "null"):
        (tmp_path / name).touch()
    monkeypatch.setattr(locks, "DEVICES", tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "x")  # so that it is restored
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    return tmp_path


@pytest.mark.parametrize(
    ("allowed", "seen"),
    [
        (None, ["0", "1"]), ("1", ["1"]), ("1, 0", ["1", "0"]), ("", []), ("-1", []), ("0,-1,1", ["0"]),
        ("GPU-ab", ["GPU-ab"]),
    ],
)  # fmt: skip
def test_gpus_are_seen_as_cuda_sees_them(
    allowed: str | None, seen: list[str], two_gpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if allowed is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", allowed)
    assert visible_gpus() == seen


def test_without_devices_no_variable_makes_a_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "DEVICES", tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert visible_gpus() == []
    with (
        pytest.raises(ColophonError, match=r"heavy needs a GPU.*\n  Run it on a machine with one"),
        device("gpu", "heavy"),
    ):
        pass
    with device("auto", "light") as gpu:
        assert gpu is None and os.environ["CUDA_VISIBLE_DEVICES"] == ""


def test_a_stage_for_the_cpu_sees_no_gpu_and_takes_none(two_gpus: Path) -> None:
    with device("cpu", "light") as gpu:
        assert gpu is None
        assert os.environ["CUDA_VISIBLE_DEVICES"] == ""
    assert list(two_gpus.glob("colophon-gpu-*")) == []


def test_stages_take_free_gpus_and_the_next_one_waits_and_says_so(
    two_gpus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with device("gpu", "first") as gpu:
        assert gpu == "0" and os.environ["CUDA_VISIBLE_DEVICES"] == "0"
        second, lock = take_one(["0", "1"], "second")
        assert second == "1"
        taken: list[str] = []
        third = threading.Thread(target=lambda: taken.append(take_one(["0", "1"], "third")[0]), daemon=True)
        third.start()
        wait_for(lambda: "third: every GPU is taken; waiting" in capsys.readouterr().out)
        third.join(0.3)
        assert taken == []
        lock.release()
        third.join(5)
        assert taken == ["1"]


def test_a_lock_is_held_until_it_is_released(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "state" / "a.lock"
    assert not is_held(path)
    order: list[str] = []

    def other() -> None:
        with exclusive(path, "a"):
            order.append("second")

    with exclusive(path, "a"):
        assert is_held(path)
        thread = threading.Thread(target=other)
        thread.start()
        wait_for(lambda: "a: another build is at it; waiting for it" in capsys.readouterr().out)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]
    assert not is_held(path)


def test_jobs_to_which_slurm_gave_a_gpu_each_do_not_wait_for_one_another(
    two_gpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLOPHON_ALLOCATED", "1")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")  # in each job, of its own GPU
    with device("gpu", "one") as first, device("gpu", "two") as second:
        assert (first, second) == ("0", "0")
    assert list(two_gpus.glob("colophon-gpu-*")) == []
