"""Builds killed with SIGKILL at random moments: nothing half-written is ever fresh, and the next build is right.

The moments come from seeds, 0 to KILLS - 1. `make test-faults` takes a hundred, through Make too.
"""

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from report.build.makefile import plan
from report.build.record import check, record
from report.errors import ColophonError
from tests.forked import LOG, build, ended, forked, planner
from tests.tiny import Tiny, finish

KILLS = int(os.environ.get("KILLS", "10"))
FIRST = """\
rng = np.random.default_rng(settings.seed)
for number in range(5):
    outputs.save(f"noise-{number}", rng.random(4_000))
outputs.path("frames/one.txt").write_text("x" * 10**4)
return Metrics(value=rng.random(), more=[])
"""
SECOND = """\
values = inputs["first"].array("noise-3")
outputs.save("doubled", 2 * np.asarray(values))
return Metrics(value=inputs["first"].metrics["value"], more=[float(values.sum())])
"""


@pytest.fixture
def project(tmp_path: Path) -> Tiny:
    """Two stages, the second of which needs the first."""
    tiny = Tiny.create(tmp_path / "a tiny project")
    tiny.write("pipeline.yaml", "stages:\n")
    tiny.stage("second", SECOND, "{needs: [first], minutes: 0.01}")
    tiny.stage("first", FIRST)
    return tiny


def ask_for(tiny: Tiny, seed: int) -> None:
    tiny.write("profiles/demo.yaml", f"stages:\n  first: {{seed: {seed}}}\n")


def outputs(tiny: Tiny) -> dict[str, bytes]:
    own = ("provenance.json", "log.txt")
    return {name: content for name, content in tiny.results().items() if not name.endswith(own)}


def references(tiny: Tiny) -> tuple[list[dict[str, bytes]], float]:
    """What undisturbed builds with seeds 0 and 1 give, and how long one takes."""
    found = []
    for seed in (0, 1):
        ask_for(tiny, seed)
        begun = time.monotonic()
        assert ended(forked(tiny, build)) == 0, tiny.read(LOG)
        found.append(outputs(tiny))
    assert found[0].keys() == found[1].keys() and found[0] != found[1]
    return found, time.monotonic() - begun


def require_whole(tiny: Tiny, expected: dict[str, bytes], about: str) -> None:
    """Whatever is called fresh has the bytes of an undisturbed build."""
    now = outputs(tiny)
    for status in planner(tiny).statuses():
        if status.state == "fresh":
            folder = f"build/demo/stages/{status.task.id}/"
            mine = {name: content for name, content in expected.items() if name.startswith(folder)}
            assert {n: c for n, c in now.items() if n.startswith(folder)} == mine, about


def test_a_build_killed_at_a_random_moment_is_made_good_by_the_next_one(project: Tiny) -> None:
    expected, takes = references(project)
    killed = 0
    for seed in range(KILLS):
        ask_for(project, seed % 2)
        after = random.Random(seed).uniform(0, takes)
        pid = forked(project, build)
        time.sleep(after)
        os.kill(pid, signal.SIGKILL)
        killed += ended(pid) == -signal.SIGKILL
        about = f"seed {seed}: killed after {after:.3f} s of {takes:.3f} s"
        require_whole(project, expected[seed % 2], about)
        assert ended(forked(project, build)) == 0, about + project.read(LOG)
        assert outputs(project) == expected[seed % 2], about
        plan(planner(project), "experiments", "")
        assert [name for name in project.state() if not name.endswith(".lock")] == [], about
    assert killed > KILLS / 2


@pytest.mark.skipif(KILLS < 100, reason="takes minutes: make test-faults runs it")
def test_a_build_through_make_killed_at_a_random_moment_is_made_good_by_the_next_one(project: Tiny) -> None:
    expected, _ = references(project)
    begun = time.monotonic()
    ask_for(project, 0)
    assert project.make("experiments").returncode == 0
    takes = time.monotonic() - begun
    for seed in range(KILLS):
        ask_for(project, (seed + 1) % 2)
        after = random.Random(seed).uniform(0, takes)
        process = project.start("log", "experiments")
        time.sleep(after)
        finish(process, signal.SIGKILL)
        about = f"seed {seed}: killed after {after:.3f} s of {takes:.3f} s"
        require_whole(project, expected[(seed + 1) % 2], about)
        done = project.make("experiments")
        assert done.returncode == 0, about + done.stderr
        assert outputs(project) == expected[(seed + 1) % 2], about


@pytest.fixture
def recorded(project: Tiny) -> Iterator[Tiny]:
    ask_for(project, 0)
    assert ended(forked(project, build)) == 0, project.read(LOG)
    record(planner(project))
    yield project


def test_recording_and_restoring_killed_at_random_moments_leave_nothing_half_done(recorded: Tiny) -> None:
    expected = [outputs(recorded)]
    ask_for(recorded, 1)
    assert ended(forked(recorded, build)) == 0, recorded.read(LOG)
    expected.append(outputs(recorded))
    begun = time.monotonic()
    assert ended(forked(recorded, lambda tiny: record(planner(tiny)))) == 0
    takes = time.monotonic() - begun
    for seed in range(KILLS):
        chosen = seed % 2
        ask_for(recorded, chosen)
        assert ended(forked(recorded, build)) == 0, recorded.read(LOG)
        pid = forked(recorded, lambda tiny: record(planner(tiny)))
        time.sleep(random.Random(seed).uniform(0, takes))
        os.kill(pid, signal.SIGKILL)
        ended(pid)
        with_which = check(planner(recorded))
        assert "each as it was written" in with_which
        record(planner(recorded))
        for name in ("first", "second"):
            for path in sorted((recorded.root / "build/demo/stages" / name).rglob("*"), reverse=True):
                path.unlink() if path.is_file() else path.rmdir()
        pid = forked(recorded, build)
        time.sleep(random.Random(-seed).uniform(0, 0.1))
        os.kill(pid, signal.SIGKILL)
        ended(pid)
        require_whole(recorded, expected[chosen], f"seed {seed}")
        plan(planner(recorded), "experiments", "")
        assert outputs(recorded) == expected[chosen], f"seed {seed}"


def test_two_and_four_builds_at_once_run_each_stage_once(project: Tiny) -> None:
    expected, _ = references(project)
    project.edit(
        "experiments/first.py",
        "rng =",
        "file = Path('runs.txt').open('a')\n    file.write('first\\n')\n    rng =",
    )
    for count in (2, 4):
        ask_for(project, count)
        project.ran()
        processes = [forked(project, build) for _ in range(count)]
        assert [ended(pid) for pid in processes] == [0] * count, project.read(LOG)
        assert project.ran() == ["first"]
        assert {s.state for s in planner(project).statuses()} == {"fresh"}
        assert outputs(project).keys() == expected[0].keys()


def test_four_builds_at_once_restore_a_clone(recorded: Tiny, tmp_path: Path) -> None:
    clone = recorded.copy(tmp_path / "a clone", "build")
    processes = [forked(clone, build) for _ in range(4)]
    assert [ended(pid) for pid in processes] == [0] * 4, clone.read(LOG)
    assert outputs(clone) == outputs(recorded)
    with pytest.raises(ColophonError):
        recorded.write("recorded/demo/results/x@y.json", "{}")
        check(planner(recorded))
