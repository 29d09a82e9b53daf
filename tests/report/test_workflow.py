"""The workflow for GitHub: what it asks for, and its scripts, run as they stand in a recorded project."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from report.build.record import record
from tests.forked import built as build
from tests.forked import planner
from tests.tiny import ENGINE, Tiny

WORKFLOW = yaml.safe_load((ENGINE / ".github/workflows/report.yml").read_text(encoding="utf-8"))
JOBS: dict[str, Any] = WORKFLOW["jobs"]
STEPS = [(job, step) for job, content in JOBS.items() for step in content["steps"]]
SCRIPTS = [(job, step["run"]) for job, step in STEPS if "run" in step]


def script(name: str) -> str:
    """What the step whose name begins with `name` runs."""
    (found,) = (step["run"] for _, step in STEPS if step.get("name", "").startswith(name))
    return found


def test_every_action_has_a_whole_version() -> None:
    used = [step["uses"] for _, step in STEPS if "uses" in step]
    assert {name.split("@")[0] for name in used} >= {"actions/checkout", "actions/upload-artifact"}
    assert [name for name in used if not re.fullmatch(r"[\w-]+/[\w-]+@v\d+\.\d+\.\d+", name)] == []


def test_only_a_job_that_runs_nothing_of_a_pull_request_may_write_to_it() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}
    more = {name: job["permissions"] for name, job in JOBS.items() if "permissions" in job}
    assert more == {"comment": {"pull-requests": "write"}}
    for job, step in STEPS:
        if step.get("uses", "").startswith("actions/checkout@"):
            assert job != "comment"
            assert step["with"]["persist-credentials"] is False
    assert all("make " not in run for job, run in SCRIPTS if job == "comment")


def test_nothing_that_others_write_is_pasted_into_a_script() -> None:
    assert [run for _, run in SCRIPTS if "${{" in run] == []


def test_what_is_called_of_make_is_there() -> None:
    makefile = (ENGINE / "Makefile").read_text(encoding="utf-8")
    called = [words.split() for _, run in SCRIPTS for words in re.findall(r"\bmake ([^\n;|&]+)", run)]
    targets = {words[0] for words in called}
    assert {"report", "diff", "record-check"} <= targets
    assert targets <= set(re.findall(r"^([\w-]+):.*##", makefile, flags=re.M))
    variables = {word.split("=")[0] for words in called for word in words[1:] if "=" in word}
    variables |= {*JOBS["report"]["env"], "FROZEN"}
    assert (
        sorted(name for name in variables if f"{name} " not in makefile and f"$({name})" not in makefile)
        == []
    )


def test_the_environment_is_kept_by_the_lock_file_and_both_renderers_are_tried() -> None:
    (cache,) = (step["with"] for _, step in STEPS if step.get("uses", "").startswith("actions/cache@"))
    assert cache["path"] == ".venv"
    assert cache["key"].endswith("${{ hashFiles('requirements.lock') }}")
    assert (ENGINE / "requirements.lock").is_file()
    assert "restore-keys" not in cache, "another lock's environment would be emptied and filled anew"
    assert JOBS["report"]["strategy"]["matrix"]["renderer"] == ["pandoc", "quarto"]


class Runner:
    """Runs the workflow's scripts in a clone, as a runner does: what one leaves in GITHUB_ENV the next has."""

    def __init__(self, tiny: Tiny, folder: Path) -> None:
        self.tiny, self.files = tiny, folder
        self.variables = {"PROFILE": "demo", "RENDERER": "pandoc", "JOBS": "2"}
        (folder / "bin").mkdir(parents=True)
        make = folder / "bin/make"  # of a project that has no Makefile of its own
        words = " ".join(f"'{word}'" for word in [shutil.which("make"), *tiny.make_words()[1:]])
        make.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        make.chmod(0o755)

    def read(self, name: str) -> str:
        path = self.files / name
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def run(self, name: str) -> subprocess.CompletedProcess[str]:
        files = {
            f"GITHUB_{name.upper()}": str(self.files / name) for name in ("env", "output", "step_summary")
        }
        set_before = dict(line.split("=", 1) for line in self.read("env").splitlines())
        path = {"PATH": f"{self.files / 'bin'}:{os.environ['PATH']}"}
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script(name)],
            cwd=self.tiny.root, capture_output=True, text=True, check=False, timeout=300,
            env=self.tiny.environment() | self.variables | files | set_before | path,
        )  # fmt: skip

    def must(self, name: str) -> str:
        done = self.run(name)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def commit(tiny: Tiny) -> None:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    for words in (
        ["init", "--quiet"],
        ["add", "--all"],
        [*identity, "commit", "--quiet", "--message", "x"],
    ):
        subprocess.run(["git", *words], cwd=tiny.root, check=True, capture_output=True)


@pytest.fixture(scope="module")
def repository(built_once: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One whose last commit changes a setting and records what that gives."""
    tiny = built_once.copy(tmp_path_factory.mktemp("workflow") / "a repository")
    tiny.write(".gitignore", "/build/\n/data/\nruns.txt\nforked.log\n")
    tiny.write("templates/report/document.yaml", "title: T\nchapters: [one.qmd.j2]\n")
    tiny.write("templates/report/one.qmd.j2", '# One\n\nIt is {{ results("chain/total").total }}.\n')
    for scale in ("2.0", "1.0"):
        tiny.edit("profiles/demo.yaml", "scale: 2.0", f"scale: {scale}")
        build(tiny)
        record(planner(tiny))
        commit(tiny)
    return tiny.root


@pytest.fixture
def runner(repository: Path, tmp_path: Path) -> Runner:
    """In a clone, without build and data."""
    subprocess.run(["git", "clone", "--quiet", repository, tmp_path / "clone"], check=True)
    return Runner(Tiny(tmp_path / "clone"), tmp_path / "runner")


def test_a_recorded_project_is_built_without_running_a_stage_and_its_changed_numbers_are_told(
    runner: Runner,
) -> None:
    runner.must("List the recorded profiles")
    assert runner.read("output") == 'profiles=["demo"]\n'
    assert "each as it was written" in runner.must("Run no experiment")
    assert runner.read("env") == "FROZEN=1\n"
    runner.must("Build the report")
    assert runner.tiny.ran() == ["figures/chain"]
    for suffix in ("html", "pdf"):
        assert (runner.tiny.root / f"build/demo/report.{suffix}").stat().st_size > 1000
    runner.must("Tell the changed numbers")
    told = runner.tiny.read("changes-demo.md")
    assert "| chain/total:total | 27 | 15 | −12 |" in told
    assert told in runner.read("step_summary")


def test_a_profile_that_is_recorded_in_part_is_not_built_from_its_record(runner: Runner) -> None:
    runner.tiny.write("recorded/partial/missing.txt", "side\n")
    assert "recorded/partial/missing.txt lists what is missing" in runner.must("List the recorded profiles")
    assert runner.read("output") == 'profiles=["demo"]\n'
    runner.tiny.write("recorded/demo/missing.txt", "side\n")
    runner.must("Run no experiment")
    assert runner.read("env") == ""


def test_a_stage_that_was_edited_and_not_recorded_stops_the_build_with_its_name(runner: Runner) -> None:
    runner.tiny.edit("experiments/side.py", "start: int = 3", "start: int = 4")
    runner.must("Run no experiment")
    done = runner.run("Build the report")
    assert done.returncode != 0
    assert "side: never run; its recorded result is stale: experiments/side.py was edited" in done.stderr


def test_where_nothing_is_recorded_the_demo_runs_and_there_is_nothing_to_compare_with(
    bare: Tiny, tmp_path: Path
) -> None:
    commit(bare)
    bare.write("more.txt", "")
    commit(bare)
    runner = Runner(bare, tmp_path / "runner")
    runner.must("List the recorded profiles")
    assert runner.read("output") == 'profiles=["demo"]\n'
    runner.must("Run no experiment")
    assert runner.read("env") == ""
    runner.must("Tell the changed numbers")
    assert "demo is not recorded before this change" in bare.read("changes-demo.md")
