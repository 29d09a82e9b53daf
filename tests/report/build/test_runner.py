"""What the runner sets, records and validates."""

import json
import platform
import random
import subprocess
import sys

import numpy as np
import pytest

from report import stage
from report.build.seeds import fix_seeds
from tests.tiny import ENGINE, Tiny

PROBE = """\
import random
from threadpoolctl import threadpool_info
threads = max(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")
numbers = [random.random(), float(threads), float(hash("words") % 1000)]
return Metrics(value=np.random.rand(), more=numbers)
"""


def test_seeds_threads_and_the_order_of_sets_are_fixed_and_a_second_run_gives_the_same_bytes(
    built: Tiny,
) -> None:
    built.stage("probe", PROBE, "{minutes: 0.01, cpus: 1}")
    built.edit("profiles/demo.yaml", "stages:\n", "stages:\n  probe: {seed: 11}\n")
    assert built.make("experiments").returncode == 0
    path = "build/demo/stages/probe/metrics.json"
    made = json.loads(built.read(path))
    hashed = subprocess.run(
        [sys.executable, "-c", 'print(hash("words") % 1000)'],
        env={"PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert made["value"] == np.random.RandomState(11).rand()
    assert made["more"] == [random.Random(11).random(), 1.0, float(hashed.stdout)]
    first = built.read(path)
    assert (
        built.report("run", "probe", "--force", PYTHONHASHSEED="123", OPENBLAS_NUM_THREADS="8").returncode
        == 0
    )
    assert built.read(path) == first


def test_torch_is_seeded_made_deterministic_and_computes_float32_in_full() -> None:
    torch = pytest.importorskip("torch")

    class Settings(stage.Settings):
        seed: int = 3

    threads = torch.get_num_threads()
    tf32 = torch.backends.cuda.matmul, torch.backends.cudnn
    before = [part.allow_tf32 for part in tf32]
    try:
        for part in tf32:
            part.allow_tf32 = True
        fix_seeds(Settings(), 1)
        assert torch.rand(3).equal(torch.rand(3, generator=torch.Generator().manual_seed(3)))
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.get_num_threads() == 1
        assert [part.allow_tf32 for part in tf32] == [False, False]
    finally:
        for part, allowed in zip(tf32, before, strict=True):
            part.allow_tf32 = allowed
        torch.use_deterministic_algorithms(False)
        torch.set_num_threads(threads)


def test_torch_that_is_imported_while_a_stage_runs_is_set_up_as_one_that_was_there_before(
    built: Tiny,
) -> None:
    torch = pytest.importorskip("torch")
    body = """\
from importlib.util import find_spec
assert find_spec("torch")  # as libraries ask that can do without it
import torch
numbers = [float(torch.get_num_threads()), float(torch.are_deterministic_algorithms_enabled())]
return Metrics(value=torch.rand(1).item(), more=numbers)
"""
    built.stage("late", body)
    built.edit("profiles/demo.yaml", "stages:\n", "stages:\n  late: {seed: 3}\n")
    done = built.report("run", "late")
    assert done.returncode == 0, done.stderr
    made = json.loads(built.read("build/demo/stages/late/metrics.json"))
    expected = torch.rand(1, generator=torch.Generator().manual_seed(3)).item()
    assert made == {"value": expected, "more": [1.0, 1.0]}


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told what to keep")
def test_freed_memory_is_kept_for_the_next_array() -> None:
    code = """
import resource
from report.build.execute import keep_memory
keep_memory()
for _ in range(3):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    b"x" * int("64000000")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ENGINE
    )
    first, *later = map(int, done.stdout.split())
    assert first > 10_000 and max(later) < first / 10  # pages of 4 KiB


def test_provenance_holds_script_commit_settings_seed_hardware_versions_and_time(built: Tiny) -> None:
    def git(*words: str) -> str:
        name = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        done = subprocess.run(
            ["git", *name, *words], cwd=built.root, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    built.write(".gitignore", "build/\nruns.txt\n")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    assert built.report("run", "chain/source", "--force").returncode == 0
    made = json.loads(built.read("build/demo/stages/chain/source/provenance.json"))
    assert made["script"] == "experiments/chain/source.py"
    assert made["profile"] == "demo"
    assert (made["commit"], made["uncommitted_changes"]) == (git("rev-parse", "HEAD"), False)
    assert made["settings"] == {"dataset": "numbers", "scale": 2.0, "seed": 7}
    assert made["seed"] == 7
    assert list(made["modules"]) == [
        f"experiments/{n}.py" for n in ("__init__", "chain/__init__", "chain/source")
    ]
    assert list(made["data"]) == ["numbers"]
    assert list(made["outputs"]) == ["metrics.json", "values.npy"]
    assert made["schema"]["properties"]["count"]["description"] == "numbers read, a count"
    assert (
        made["hardware"]["cores"] >= 1 and made["hardware"]["processor"] and made["hardware"]["gpu"] is None
    )
    assert made["versions"]["python"] == platform.python_version()
    assert made["versions"]["numpy"] == np.__version__
    assert 0 < made["seconds"] < 60
    built.write("experiments/unused.py", "")
    assert built.report("run", "chain/member/seed=2", "--force").returncode == 0
    made = json.loads(built.read("build/demo/stages/chain/member/seed=2/provenance.json"))
    assert (made["stage"], made["each"], made["seed"]) == ("chain/member", {"seed": 2}, 2)
    assert made["uncommitted_changes"] is True
    assert list(made["inputs"]) == ["chain/double"]
    built.stage("editor", "Path('edited.py').touch()\nreturn Metrics(value=1, more=[])")
    git("add", ".")
    git("commit", "-qm", "second")
    assert built.report("run", "editor").returncode == 0
    made = json.loads(built.read("build/demo/stages/editor/provenance.json"))
    assert made["uncommitted_changes"] is False  # which it made itself


def test_a_row_on_a_gpu_is_refused_without_one(built: Tiny) -> None:
    before = built.results()
    built.stage("heavy", "return Metrics(value=1, more=[])", "{device: gpu, minutes: 0.01}")
    done = built.make("experiments", CUDA_VISIBLE_DEVICES="-1")
    assert done.returncode != 0
    assert (
        "error: heavy needs a GPU, and this machine shows none\n  Run it on a machine with one"
        in done.stderr
    )
    assert built.results() == before


def test_values_with_any_characters_make_rules_that_run_and_folders_that_hold_them(built: Tiny) -> None:
    values = ["it's $HOME #1: 100%", "a=b; echo $(SHELL) `id`", 'back\\slash "quoted"', "*ü?"]
    built.stage("odd", "return Metrics(value=len(settings.name), more=[])", "{each: {name: names}}")
    built.edit("experiments/odd.py", "    seed: int = 0\n", "    name: str\n")
    built.edit("profiles/demo.yaml", "values:\n", f"values:\n  names: {json.dumps(values)}\n")
    done = built.make("experiments")
    assert done.returncode == 0, done.stderr
    made = [
        json.loads(p.read_text()) for p in (built.root / "build/demo/stages/odd").glob("*/provenance.json")
    ]
    assert sorted(m["settings"]["name"] for m in made) == sorted(values)
    assert built.make("experiments").stdout == "demo: experiments is up to date\n"


def test_the_rules_survive_any_path_of_the_python_that_runs_them(built: Tiny) -> None:
    built.edit("experiments/side.py", "start: int = 3", "start: int = 4")
    home = built.root.rename(built.root.with_name("it's $HOME #1 (a=b)"))
    tiny = Tiny(home)
    (home / ".venv").symlink_to(sys.prefix)
    words = ["make", "-f", str(ENGINE / "Makefile"), f"ENGINE={ENGINE}", "VENV=./.venv", "experiments"]
    done = subprocess.run(
        words, cwd=home, env=tiny.environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "it'\\''s $$HOME #1 (a=b)/.venv/bin/python" in tiny.read("build/demo/experiments.mk")
    assert tiny.ran() == ["side"]


def test_stages_may_bear_the_names_of_goals(built: Tiny) -> None:
    for name in ("all", "experiments", "clean"):
        built.stage(name, "return Metrics(value=1, more=[])")
    assert built.make("experiments").returncode == 0
    assert (built.root / "build/demo/stages/all/metrics.json").is_file()
