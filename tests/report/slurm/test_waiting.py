"""What the build does until a job's result can be seen, where Slurm itself is not needed to tell."""

import shutil
import threading
import time
from pathlib import Path

import pytest

from report.build import slurm
from report.build.plan import Planner
from report.build.project import Project, open_project
from report.build.provenance import read_provenance
from report.build.slurm import SlurmBuild
from report.build.slurm_job import StageJob, digest_of, wait_for_needs
from report.build.slurm_queue import JobState, Resources, require_slurm
from report.errors import ColophonError
from tests.recorded_project import recorded_once_of
from tests.tiny import CHAIN, Tiny


class Queue:
    """In place of Slurm: jobs run at once, here, and then stand as `ends` says, one after the other."""

    def __init__(self, tiny: Tiny, monkeypatch: pytest.MonkeyPatch, *ends: str) -> None:
        self.tiny, self.ends, self.submitted = tiny, list(ends), []
        monkeypatch.setattr(slurm, "require_slurm", lambda project: False)
        monkeypatch.setattr(slurm, "submit", self.submit)
        monkeypatch.setattr(slurm, "states", self.states)
        monkeypatch.setattr(slurm, "ASK_EVERY", (0.01, 0.05))
        self.project = open_project("demo", tiny.root, {})

    def submit(self, project: Project, job: StageJob, resources: Resources, folder: Path) -> str:
        self.submitted.append(job.task)
        return str(len(self.submitted))

    def states(self) -> dict[str, JobState]:
        return {str(number + 1): JobState(end) for number, end in enumerate(self.ends)}

    def build(self) -> int:
        return SlurmBuild(Planner(self.project), jobs=4).run("experiments")


@pytest.fixture
def hidden(built: Tiny) -> tuple[Tiny, Path, Path]:
    """A built project from which the result of `side` was moved aside: where to, and where from."""
    result, aside = built.root / "build/demo/stages/side", built.root / "side.aside"
    result.rename(aside)
    return built, aside, result


def test_a_result_that_appears_late_and_file_by_file_is_waited_for(
    hidden: tuple[Tiny, Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny, aside, result = hidden
    queue = Queue(tiny, monkeypatch, "COMPLETED")
    moments = []

    def arrive() -> None:
        result.mkdir()
        for name in ("log.txt", "provenance.json", "metrics.json"):
            time.sleep(0.3)
            moments.append(capsys.readouterr().out)
            shutil.copyfile(aside / name, result / name)

    thread = threading.Thread(target=arrive)
    thread.start()
    assert queue.build() == 0
    thread.join()
    assert not any("✓" in text for text in moments) and "✓ side" in capsys.readouterr().out
    assert queue.submitted == ["side"]


def test_a_result_that_never_appears_is_told_with_the_job(
    hidden: tuple[Tiny, Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    queue = Queue(hidden[0], monkeypatch, "COMPLETED")
    monkeypatch.setattr(slurm, "FILE_WAIT", 0.2)
    assert queue.build() == 1
    error = capsys.readouterr().err
    assert error.startswith("error: side: job 1 ended, and its result is not to be seen here")


def test_a_result_left_half_written_is_no_result(
    hidden: tuple[Tiny, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny, aside, result = hidden
    shutil.copytree(aside, result)
    metrics = result / "metrics.json"
    metrics.write_bytes(metrics.read_bytes()[:-3])
    queue = Queue(tiny, monkeypatch, "COMPLETED")
    monkeypatch.setattr(slurm, "FILE_WAIT", 0.2)
    assert queue.build() == 1


@pytest.mark.parametrize("state", ["PREEMPTED", "NODE_FAIL"])
def test_a_stage_whose_job_was_taken_away_is_submitted_again(
    state: str, hidden: tuple[Tiny, Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny, aside, result = hidden
    queue = Queue(tiny, monkeypatch, state, "COMPLETED")
    twice = queue.submit

    def submit(*arguments: object) -> str:
        job = twice(*arguments)  # type: ignore[arg-type]  # passed on
        if job == "2":
            shutil.copytree(aside, result)
        return job

    monkeypatch.setattr(slurm, "submit", submit)
    assert queue.build() == 0
    assert queue.submitted == ["side", "side"]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("OUT_OF_MEMORY", "side: out of memory: it used more than the cluster gives a job"),
        ("TIMEOUT", "side: Slurm stopped it at its time limit of 10 min 00 s (job 1)"),
        ("CANCELLED", "side: job 1 was cancelled"),
    ],
)
def test_why_a_job_was_killed_is_said_in_plain_words(
    state: str,
    words: str,
    hidden: tuple[Tiny, Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    queue = Queue(hidden[0], monkeypatch, state)
    assert queue.build() == 1
    assert words in capsys.readouterr().err
    assert words in hidden[0].read("build/demo/state/side.failed")
    assert queue.submitted == ["side"]


def test_a_stage_that_comes_out_the_same_spares_those_after_it(
    built: Tiny, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    built.edit("experiments/chain/source.py", "int(settings.scale)", "int(settings.scale + 0)")
    queue = Queue(built, monkeypatch, "COMPLETED")
    before = queue.submit

    def submit(*arguments: object) -> str:
        done = built.report("run", "chain/source")
        assert done.returncode == 0, done.stderr
        return before(*arguments)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(slurm, "submit", submit)
    assert queue.build() == 0
    assert queue.submitted == ["chain/source"]
    printed = capsys.readouterr().out
    assert all(f"✓ {name}  already fresh" in printed for name in CHAIN if name != "chain/source")


def test_a_job_begins_when_its_node_sees_what_it_reads_and_fails_with_the_nodes_name(built: Tiny) -> None:
    project = open_project("demo", built.root, {})
    task = Planner(project).tasks["side"]
    digest = read_provenance(project, task)["digest"]
    wait_for_needs(project, {"side": digest}, patience=0)
    with pytest.raises(ColophonError, match=r"does not see the result of side .*\n  Keep the project on"):
        wait_for_needs(project, {"side": "of another run"}, patience=0.1)
    metrics = task.directory(project) / "metrics.json"
    whole = metrics.read_bytes()
    metrics.write_bytes(whole[:-2])
    thread = threading.Timer(0.4, lambda: metrics.write_bytes(whole))
    thread.start()
    wait_for_needs(project, {"side": digest}, patience=10)
    assert metrics.read_bytes() == whole


def test_results_restored_without_what_is_left_out_are_read_and_run_in_full_where_that_is_read(
    built: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = recorded_once_of(built).copy(tmp_path / "a clone", "build")
    assert "9 restored" in clone.make("experiments").stdout
    queue = Queue(clone, monkeypatch, *["COMPLETED"] * 3)
    before = queue.submit

    def submit(project: Project, job: StageJob, *more: object) -> str:
        wait_for_needs(project, job.needs, patience=0)
        done = clone.report("run", "--alone", *["--whole"] * job.whole, job.task)
        assert done.returncode == 0, done.stderr
        return before(project, job, *more)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(slurm, "submit", submit)
    clone.edit("experiments/plot.py", "return", "print('drawn')\n    return")  # reads what is kept
    assert queue.build() == 0
    assert queue.submitted == ["plot"]
    clone.edit("experiments/use.py", "return", "print('used')\n    return")  # reads what is left out
    seen = digest_of(queue.project, Planner(queue.project).tasks["net"])
    assert queue.build() == 0
    assert queue.submitted == ["plot", "net", "use"]
    with pytest.raises(ColophonError, match="does not see the result of net"):
        wait_for_needs(queue.project, {"net": seen}, patience=0)


def test_a_row_asks_for_four_times_its_minutes_and_a_gpu_where_there_are_any(built: Tiny) -> None:
    def asked(row: str, has_gpus: bool) -> Resources:
        built.write("pipeline.yaml", f"stages:\n  side: {row}\n")
        built.write("profiles/demo.yaml", "about: one stage\n")
        planner = Planner(open_project("demo", built.root, {}))
        return Resources.of(planner.tasks["side"].row, has_gpus)

    assert asked("{}", False) == Resources(cpus=1, gpus=0, minutes=10, memory=None)
    assert asked("{minutes: 30.1, cpus: 4}", True) == Resources(cpus=4, gpus=1, minutes=121, memory=None)
    assert asked("{device: cpu, limit: 3, memory: 1.5}", True) == Resources(1, 0, 3, 1.5)
    assert asked("{device: gpu}", False).gpus == 1
    for row, key in (("{memory: 0}", "memory"), ("{limit: -1}", "limit"), ("{memory: 2G}", "memory")):
        with pytest.raises(ColophonError, match=rf"pipeline.yaml: stages.side.{key} = "):
            asked(row, False)


def test_without_slurm_the_missing_command_is_named(
    built: Tiny, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    project = open_project("demo", built.root, {"EXECUTOR": "slurm"})
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ColophonError, match=r"EXECUTOR=slurm: no sbatch on the PATH\n  Run it on a login"):
        require_slurm(project)
