"""Broken bytes, odd clocks, folders that can't be written, stages that misbehave: found, bounded or told."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from report.build import content, logs
from report.build.logs import Log, kept
from tests.forked import built as rebuilt
from tests.forked import planner
from tests.tiny import EVERYTHING, Tiny

KINDS = {
    "metrics": "stages/side/metrics.json",
    "an array": "stages/chain/double/values.npy",
    "the provenance": "stages/chain/total/provenance.json",
    "a figure": "figures/chain/total.txt",
}
OLD, FUTURE = 10**9, 4 * 10**9  # seconds since 1970


def states(tiny: Tiny) -> set[str]:
    return {status.state for status in planner(tiny).statuses()}


@pytest.mark.parametrize("kind", KINDS)
def test_any_flipped_byte_is_found_and_what_it_stands_in_is_made_again(kind: str, built: Tiny) -> None:
    path = built.root / "build/demo" / KINDS[kind]
    whole, stat = path.read_bytes(), path.stat()
    rng = random.Random(kind)
    for place in {0, len(whole) - 1, *(rng.randrange(len(whole)) for _ in range(20))}:
        broken = bytearray(whole)
        broken[place] ^= 1 << rng.randrange(5)  # not the bit of a letter's case: 1e-5 is 1E-5
        path.write_bytes(broken)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        assert states(built) - {"fresh", "after"}, f"byte {place} of {path}"
    rebuilt(built, "figures")
    assert len(built.ran()) == 1
    assert states(built) == {"fresh"}
    if kind != "the provenance":
        assert path.read_bytes() == whole


def every_file(tiny: Tiny) -> Iterator[Path]:
    return (path for path in tiny.root.rglob("*") if path.is_file())


@pytest.mark.parametrize("when", [OLD, FUTURE], ids=["the same and old", "the same and in the future"])
def test_times_that_are_all_the_same_hide_no_edit_and_make_none(when: int, built: Tiny) -> None:
    def set_times() -> None:
        for path in every_file(built):
            os.utime(path, (when, when))

    set_times()
    done = built.make("figures")
    assert (done.stdout, done.stderr) == ("demo: figures is up to date\n", "")
    built.edit("experiments/shared.py", "FACTOR = 2", "FACTOR = 4")
    set_times()
    rebuilt(built, "figures")
    assert built.ran() == [
        "chain/double",
        "chain/member/seed=1",
        "chain/member/seed=2",
        "chain/total",
        "figures/chain",
        "side",
    ]


def test_a_clock_that_is_set_back_hides_no_edit(built: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    day = 86_400 * 10**9
    real = time.time_ns
    for shift in (day, -day, 0):
        monkeypatch.setattr(content.time, "time_ns", lambda shift=shift: real() + shift)
        path = built.root / "build/demo/stages/side/metrics.json"
        whole = path.read_bytes()
        assert states(built) == {"fresh"}
        path.write_bytes(whole.replace(b"6", b"7"))
        assert "stale" in states(built), f"the clock is {shift} ns off"
        path.write_bytes(whole)
    assert states(built) == {"fresh"}


@pytest.fixture
def read_only(built: Tiny) -> Iterator[Tiny]:
    """The project with its build folder on a disk that can't be written."""
    build = built.root / "build"
    for words in (["--bind", str(build), str(build)], ["-o", "remount,bind,ro", str(build)]):
        done = subprocess.run(["mount", *words], capture_output=True, check=False)
        if done.returncode:
            subprocess.run(["umount", "--lazy", str(build)], capture_output=True, check=False)
            pytest.skip(
                f"no read-only folder can be mounted (root is needed): {done.stderr.decode().strip()}"
            )
    try:
        yield built
    finally:
        subprocess.run(["umount", "--lazy", str(build)], check=True)


def test_a_build_folder_that_cannot_be_written_is_told_and_can_be_looked_at(read_only: Tiny) -> None:
    assert "every stage is fresh" in read_only.make("status").stdout
    read_only.edit("experiments/side.py", "start: int = 3", "start: int = 4")
    for word in ("experiments", "record", "clean"):
        done = read_only.make(word)
        assert done.returncode != 0
        assert "error: Read-only file system: " in done.stderr and "Traceback" not in done.stderr
    assert "side stale" in " ".join(read_only.make("status").stdout.split())


def test_a_log_of_a_gigabyte_keeps_its_beginning_and_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", open(os.devnull, "w"))  # noqa: SIM115, PTH123  # closed by pytest's own
    path = tmp_path / "log"
    block = ("é" * 99 + "\n") * 5_000
    with kept(path):
        print("the first line")
        for _ in range(1_010):
            sys.stdout.write(block)
        assert path.stat().st_size <= logs.HEAD + 2 * logs.TAIL
        print("the last line")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("the first line\né") and text.endswith("é\nthe last line\n")
    (note,) = [line for line in text.splitlines() if "é" not in line and "line" not in line]
    dropped = int(note.split()[1].replace(",", ""))
    whole = len("the first line\nthe last line\n") + 1_010 * len(block.encode())
    assert dropped == whole - len(text.encode()) + len(note.encode()) + 1
    assert dropped > 10**9


def test_a_log_holds_all_of_what_is_short(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    for word in ("one\n", "two \udc80\n"):
        log.write(word)
    log.close()
    assert (tmp_path / "log").read_text() == "one\ntwo \\udc80\n"


FORK = """\
import os
with Path("runs.txt").open("a") as file:
    file.write("forks\\n")
if os.fork() == 0:
    {child}
os.wait()
outputs.save("a", np.ones(3))
return Metrics(value=1, more=[])
"""
CHILDREN = {
    "returns": "return Metrics(value=2, more=[])",
    "raises": "raise RuntimeError('in the child')",
    "leaves": "raise SystemExit(3)",
}


@pytest.mark.parametrize("child", CHILDREN)
def test_a_fork_does_not_go_on_as_the_stage(child: str, bare: Tiny) -> None:
    bare.write("pipeline.yaml", "stages:\n")
    bare.write("profiles/demo.yaml", "")
    bare.stage("forks", FORK.format(child=CHILDREN[child]))
    rebuilt(bare)
    assert json.loads(bare.read("build/demo/stages/forks/metrics.json"))["value"] == 1
    assert bare.ran() == ["forks"]
    assert [name for name in bare.state() if not name.endswith(".lock")] == []
    assert states(bare) == {"fresh"}


LEAVES = """\
import subprocess, sys, time
writes = "import sys, time; time.sleep(0.5); open(sys.argv[1], 'w').write('late')"
where = str(outputs.path("late.txt"))
subprocess.Popen([sys.executable, "-c", writes, where])
detached = "import subprocess, sys; subprocess.Popen(['sleep', '987'], start_new_session=True)"
subprocess.run([sys.executable, "-c", detached])
return Metrics(value=1, more=[])
"""


def running(words: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(path.read_bytes().replace(b"\0", b" ").decode().strip())
        except OSError:
            continue
    return [line for line in found if line == words]


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_processes_that_a_stage_leaves_running_end_with_it_also_detached_ones(bare: Tiny) -> None:
    bare.write("pipeline.yaml", "stages:\n")
    bare.write("profiles/demo.yaml", "")
    bare.stage("leaves", LEAVES)
    told = rebuilt(bare)
    assert "2 processes left running by the stage, ended" in told
    assert running("sleep 987") == []
    time.sleep(0.6)
    assert list(planner(bare).provenance("leaves")["outputs"]) == ["metrics.json"]
    assert states(bare) == {"fresh"}


def test_nothing_is_ended_where_nothing_is_left() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from report.build.children import supervised\nwith supervised(): print('in')"],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("in\n", "")


def test_a_build_killed_and_left_with_a_leftover_tidies_it_up(built: Tiny) -> None:
    state = built.root / "build/demo/state"
    for name in ("side.old", "side.tmp-1", "side.checkpoint", "chain.total.tmp-2"):
        (state / name).mkdir(parents=True)
    (state / "side.log").write_text("half")
    assert rebuilt(built, "figures") == ""
    assert [name for name in built.state() if not name.endswith(".lock")] == []
    assert built.ran() == [] and len(EVERYTHING) == len(planner(built).tasks)
