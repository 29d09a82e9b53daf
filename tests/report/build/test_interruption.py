"""Stopped at any moment, by hand or by a full disk: the old result or none, and the next build works."""

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tiny import Tiny, finish, wait_for

HANG = """\
outputs.save("half", np.ones(3))
Path("begun").touch()
with Path("runs.txt").open("a") as file:
    file.write("slow\\n")
import time
while Path("hang").exists():
    time.sleep(0.02)
return Metrics(value=settings.seed, more=[])
"""
COUNT = """\
import os, signal
before = len(list(outputs.checkpoint.iterdir()))
for number in range(before, 5):
    if number == 3 and Path("die").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    (outputs.checkpoint / str(number)).touch()
return Metrics(value=before, more=[])
"""


@pytest.fixture
def slow(built: Tiny) -> Tiny:
    """A built project with one more stage, whose rerun hangs for as long as the file `hang` is there."""
    built.stage("slow", HANG)
    done = built.make("experiments")
    assert done.returncode == 0, done.stderr
    built.ran()
    (built.root / "begun").unlink()
    (built.root / "hang").touch()
    built.edit("profiles/demo.yaml", "stages:\n", "stages:\n  slow: {seed: 5}\n")
    return built


@pytest.mark.parametrize(
    "sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=["Ctrl-C", "SIGTERM", "SIGKILL"]
)
def test_a_stage_stopped_in_the_middle_leaves_its_earlier_result(sent: int, slow: Tiny) -> None:
    before = slow.results()
    process = slow.start("log", "experiments")
    wait_for((slow.root / "begun").exists)
    assert "slow running" in " ".join(slow.make("status").stdout.split())
    refused = slow.make("clean")
    assert refused.returncode != 0 and "a build is at slow: nothing was removed" in refused.stderr
    assert finish(process, sent) != 0
    wait_for(lambda: "running" not in slow.make("status").stdout)  # Make may end before its stages
    assert slow.results() == before
    left = [name for name in slow.state() if ".tmp-" in name]
    text = " ".join(slow.make("status").stdout.split())
    if sent == signal.SIGKILL:
        assert len(left) == 1
        assert "slow stale setting seed: 0 is now 5" in text
    else:
        assert left == []
        assert "slow failed interrupted (log: build/demo/state/slow.log)" in text
        assert "Traceback" not in slow.read("log")
    if sent == signal.SIGINT:
        assert "interrupted; earlier results are as they were" in slow.read("log")
    (slow.root / "hang").unlink()
    assert slow.make("experiments").returncode == 0
    assert slow.ran() == ["slow", "slow"]
    assert json.loads(slow.read("build/demo/stages/slow/metrics.json"))["value"] == 5
    assert [name for name in slow.state() if not name.endswith(".lock")] == []


def test_of_two_builds_the_second_waits_says_so_and_each_stage_runs_once(slow: Tiny) -> None:
    slow.edit("profiles/demo.yaml", "scale: 2.0", "scale: 2.5")
    first = slow.start("first", "experiments")
    wait_for((slow.root / "begun").exists)
    second = slow.start("second", "experiments")
    wait_for(lambda: "slow: another build is at it; waiting for it" in slow.read("second"))
    (slow.root / "hang").unlink()
    assert (finish(first), finish(second)) == (0, 0), slow.read("first") + slow.read("second")
    assert slow.ran() == ["chain/source", "slow"]
    assert "✓ slow  already fresh" in slow.read("second")


def test_a_result_moved_aside_by_a_run_killed_between_two_renames_is_put_back(built: Tiny) -> None:
    before = built.results()
    stages, state = built.root / "build/demo/stages", built.root / "build/demo/state"
    (stages / "chain/total").rename(state / "chain.total.old")
    (state / "chain.total.tmp-1").mkdir()
    assert built.make("experiments", "FROZEN=1").returncode == 0
    assert built.ran() == []
    assert built.results() == before
    shutil.copytree(stages / "side", state / "side.old")
    built.edit("experiments/side.py", "start: int = 3", "start: int = 4")
    assert built.make("experiments").returncode == 0
    assert [name for name in built.state() if not name.endswith(".lock")] == []


def test_a_stage_goes_on_from_its_checkpoint_unless_its_settings_changed(built: Tiny) -> None:
    def value() -> int:
        done = built.report("run", "counting")
        assert done.returncode == 0, done.stderr
        return json.loads(built.read("build/demo/stages/counting/metrics.json"))["value"]

    built.stage("counting", COUNT)
    (built.root / "die").touch()
    assert built.report("run", "counting").returncode != 0
    (built.root / "die").unlink()
    assert value() == 3
    (built.root / "die").touch()
    built.edit("profiles/demo.yaml", "stages:\n", "stages:\n  counting: {seed: 5}\n")
    assert built.report("run", "counting").returncode != 0
    (built.root / "die").unlink()
    built.edit("profiles/demo.yaml", "seed: 5", "seed: 6")
    assert value() == 0
    assert not (built.root / "build/demo/state/counting.checkpoint").exists()


def test_a_checkpoint_of_other_code_that_is_used_only_while_a_stage_runs_is_dropped(built: Tiny) -> None:
    built.stage("counting", "from experiments.lazy import STEP\n" + COUNT)
    for value in (3, 0):
        (built.root / "die").touch()
        assert built.report("run", "counting").returncode != 0
        (built.root / "die").unlink()
        if not value:
            built.edit("experiments/lazy.py", "STEP = 1", "STEP = 2")
        assert built.report("run", "--force", "counting").returncode == 0
        made = json.loads(built.read("build/demo/stages/counting/metrics.json"))
        assert made["value"] == value
        shutil.rmtree(built.root / "build/demo/stages/counting")


@pytest.fixture
def small_disk(built: Tiny) -> Iterator[Tiny]:
    """The project with its build folder on a disk of 1 MiB."""
    build = built.root / "build"
    saved = build.rename(built.root / "saved")
    build.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(build)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"a small disk can't be mounted here (root is needed): {done.stderr.decode().strip()}")
    try:
        shutil.copytree(saved, build, dirs_exist_ok=True)
        yield built
    finally:
        subprocess.run(["umount", "--lazy", str(build)], check=True)


FULL = {
    "save": "outputs.save('big', np.ones(10**6))",
    "array": "outputs.array('big', (10**6,))[:] = 1",
    "write": "outputs.path('big').write_bytes(bytes(10**7))",
}


@pytest.mark.parametrize("how", FULL)
def test_a_disk_that_is_full_in_mid_stage_is_told_and_earlier_results_stay(
    how: str, small_disk: Tiny
) -> None:
    before = small_disk.results()
    small_disk.edit(
        "experiments/side.py", "    return", f"    import numpy as np\n\n    {FULL[how]}\n    return"
    )
    done = small_disk.make("experiments")
    assert done.returncode != 0
    assert "error: side: No space left on device" in done.stderr or "is the disk full?" in done.stderr
    assert "Traceback" not in done.stderr and "Bus error" not in done.stderr
    assert small_disk.results() == before
    assert "side failed side: " in " ".join(small_disk.make("status").stdout.split())
    assert [name for name in small_disk.state() if ".tmp-" in name] == []


def test_a_disk_full_before_the_build_begins_is_told(small_disk: Tiny) -> None:
    before = small_disk.results()
    small_disk.edit("profiles/demo.yaml", "scale: 2.0", "scale: 2.9")
    filler = small_disk.root / "build/filler"
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(bytes(512))
    done = small_disk.make("experiments")
    assert done.returncode != 0
    assert "No space left on device" in done.stderr and "Traceback" not in done.stderr
    assert small_disk.results() == before
    assert small_disk.make("status").returncode == 0
    filler.unlink()
    assert small_disk.make("experiments").returncode == 0


def test_a_limit_on_the_size_of_files_is_told_and_earlier_results_stay(built: Tiny) -> None:
    before = built.results()
    built.edit("experiments/side.py", "    return", "    outputs.array('big', (10**6,))\n    return")
    words = ["bash", "-c", 'ulimit -f 500; "$0" "$@"', *built.make_words("experiments")]
    done = subprocess.run(
        words, cwd=built.root, env=built.environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "error: side: File too large" in done.stderr
    assert built.results() == before
    assert not list(Path(built.root / "build/demo/state").glob("*.tmp-*"))
