"""Stages as forks of one process: what each sees is what a Python of its own would show it."""

import json
import subprocess
import sys

import pytest

from report.build import warm_client
from tests.tiny import STAGES, Tiny

LEAVE = """\
import builtins, os
np.left, builtins.left = 1, 1
os.environ["LEFT"] = "1"
np.random.seed(5)
return Metrics(value=1, more=[])
"""
FIND = """\
import builtins, os, sys
found = [hasattr(np, "left"), hasattr(builtins, "left"), "LEFT" in os.environ]
found += [name.startswith("experiments.") and name != __name__ for name in sys.modules]
return Metrics(value=sum(found), more=[float(np.random.rand())])
"""
THREADS = 'import os\nreturn Metrics(value=float(os.environ["OMP_NUM_THREADS"]), more=[])'


def metrics(tiny: Tiny, name: str) -> dict[str, float]:
    return json.loads(tiny.read(f"build/demo/stages/{name}/metrics.json"))


def test_results_of_forks_are_those_of_a_python_each(built_once: Tiny, bare: Tiny) -> None:
    for name in ("chain/total", "side"):
        done = bare.report("run", name)
        assert done.returncode == 0, done.stderr
    forked, alone = built_once.results(), bare.results()
    outputs = [name for name in alone if not name.endswith(("provenance.json", "log.txt"))]
    assert len(outputs) == len(STAGES) + 2
    assert {name: forked[name] for name in outputs} == {name: alone[name] for name in outputs}


def test_a_stage_finds_nothing_that_another_left_behind(bare: Tiny) -> None:
    bare.stage("leave", LEAVE)
    bare.stage("find", FIND, "{needs: [leave], minutes: 0.01}")
    done = bare.make("experiments")
    assert done.returncode == 0, done.stdout + done.stderr
    assert metrics(bare, "find")["value"] == 0
    forked = metrics(bare, "find")
    done = bare.report("run", "find", "--force")
    first = metrics(bare, "find")
    assert done.returncode == 0 and first == forked


def test_a_stage_has_the_threads_of_its_row(bare: Tiny) -> None:
    for cpus in (1, 3):
        bare.stage(f"threads{cpus}", THREADS, f"{{cpus: {cpus}, minutes: 0.01}}")
    assert bare.make("experiments", "-j2").returncode == 0
    assert [metrics(bare, f"threads{cpus}")["value"] for cpus in (1, 3)] == [1, 3]


def test_a_stage_killed_by_a_signal_fails_alone(bare: Tiny) -> None:
    bare.stage("dies", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    done = bare.make("experiments", "-k")
    assert done.returncode != 0 and "Error 137" in done.stderr
    assert bare.ran() == sorted(STAGES)


@pytest.mark.parametrize(
    "number", [None, "87", "1", "x"], ids=["unset", "closed", "no socket", "no number"]
)
def test_without_a_build_that_listens_a_rule_runs_the_stage_by_itself(
    number: str | None, bare: Tiny
) -> None:
    told = {} if number is None else {warm_client.VARIABLE: number}
    environment = bare.environment(PYTHONPATH=str(warm_client.__file__).rsplit("/report/", 1)[0]) | told
    words = [sys.executable, "-IS", str(warm_client.__file__), "run", "--alone", "side"]
    done = subprocess.run(
        words, cwd=bare.root, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert bare.ran() == ["side"] and metrics(bare, "side")["value"] == 6
