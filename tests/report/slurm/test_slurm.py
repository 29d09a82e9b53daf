"""Stages as jobs of a real Slurm."""

import json
import re
import signal
from collections.abc import Iterator

import pytest

from tests.report.slurm.cluster import CPUS, Cluster
from tests.tiny import STAGES, Tiny, finish, wait_for

pytestmark = pytest.mark.slurm

SLURM = ("experiments", "EXECUTOR=slurm", "-j8")
HANG = """\
(outputs.checkpoint / str(len(list(outputs.checkpoint.iterdir())))).touch()
Path("begun").touch()
with Path("runs.txt").open("a") as file:
    file.write("slow\\n")
import time
while Path("hang").exists():
    time.sleep(0.02)
return Metrics(value=len(list(outputs.checkpoint.iterdir())), more=[])
"""
ASKED = """\
import os, subprocess
text = subprocess.run(["scontrol", "show", "job", os.environ["SLURM_JOB_ID"]], capture_output=True).stdout
outputs.path("job.txt").write_bytes(text)
return Metrics(value=len(os.sched_getaffinity(0)), more=[])
"""
GREEDY = """\
import time
block = bytearray(400 * 2**20)
time.sleep(30)
"""
SLEEPY = """\
import time
Path("asleep").touch()
time.sleep(120)
"""


def only(tiny: Tiny, name: str, body: str, row: str) -> Tiny:
    """The project with the stage `name` alone."""
    tiny.write("pipeline.yaml", "stages:\n")
    tiny.write("profiles/demo.yaml", "about: one stage\n")
    tiny.stage(name, body, row)
    return tiny


@pytest.fixture
def slow(cluster: Cluster, bare: Tiny) -> Tiny:
    """A project of one stage, which hangs for as long as the file `hang` is there."""
    (bare.root / "hang").touch()
    return only(bare, "slow", HANG, "{memory: 0.2}")


@pytest.fixture(scope="module")
def failing(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tiny]:
    """A build, with -k, of stages that fail in all ways. The first test starts it and a later one looks
    into it, as Slurm looks for jobs past their time limit but twice a minute."""
    tiny = Tiny.create(tmp_path_factory.mktemp("failing") / "project")
    only(tiny, "sleepy", SLEEPY, "{limit: 9, memory: 0.2}")
    tiny.stage("greedy", GREEDY, "{memory: 0.1}")
    tiny.stage("wrong", 'raise ValueError("seven is not a colour")', "{memory: 0.2}")
    tiny.stage("after", "return Metrics(value=1, more=[])", "{needs: [wrong], memory: 0.2}")
    tiny.stage("huge", "return Metrics(value=1, more=[])", "{memory: 900}")
    process = tiny.start("log", *SLURM, "-k")
    try:
        wait_for((tiny.root / "asleep").exists)
        (job,) = re.findall(r"sleepy: queued as job (\d+)", tiny.read("log"))
        cluster.ask("scontrol", "update", f"JobId={job}", "EndTime=now+1")
        yield tiny
    finally:
        if process.poll() is None:
            finish(process, signal.SIGINT)


def job_of(tiny: Tiny, log: str) -> str:
    """The number of the job that the build printing to `log` submitted, or went on with, last."""
    wait_for(lambda: re.search(r"as job \d+", tiny.read(log)))
    return re.findall(r"as job (\d+)", tiny.read(log))[-1]


def test_stages_built_on_slurm_are_those_built_here_and_each_is_told_of(
    failing: object, cluster: Cluster, bare: Tiny, built_once: Tiny
) -> None:
    done = bare.make(*SLURM)
    assert done.returncode == 0, done.stdout + done.stderr
    assert bare.ran() == sorted(STAGES)
    for name in STAGES:
        assert re.search(rf"  {name}: queued as job \d+\n", done.stdout)
        assert re.search(rf"✓ {name}  \d+\.\d s  \(\d of 6\)\n", done.stdout)
    assert "(6 of 6)" in done.stdout
    made, here = bare.results(), built_once.results()
    outputs = [name for name in made if not name.endswith(("provenance.json", "log.txt"))]
    assert len(outputs) == 8
    assert {name: made[name] for name in outputs} == {name: here[name] for name in outputs}
    assert "up to date" in bare.make(*SLURM).stdout
    assert [name for name in bare.state() if not name.endswith(".lock")] == ["slurm"]


def test_a_job_asks_for_what_its_row_declares(cluster: Cluster, bare: Tiny) -> None:
    only(bare, "asking", ASKED, "{device: auto, cpus: 3, memory: 0.25, limit: 7.5}")
    done = bare.make(*SLURM, "SLURM_PARTITION=urgent")
    assert done.returncode == 0, done.stdout + done.stderr
    text = bare.read("build/demo/stages/asking/job.txt")
    assert "JobName=colophon:asking" in text and "Partition=urgent" in text
    assert "TimeLimit=00:08:00" in text
    assert "CPUs/Task=3" in text and "MinMemoryNode=256M" in text
    assert "TresPerNode=gres:gpu:1" in text


def test_ctrl_c_cancels_what_was_submitted_and_says_so(slow: Tiny, cluster: Cluster) -> None:
    process = slow.start("log", *SLURM)
    wait_for((slow.root / "begun").exists)
    status = " ".join(slow.make("status").stdout.split())
    job = job_of(slow, "log")
    assert f"slow running job {job} on" in status
    wait_for(lambda: re.search(rf"slow: running on \S+ \(job {job}\)", slow.read("log")))
    refused = slow.make("clean")
    assert refused.returncode != 0 and f"Slurm still has the jobs {job} (slow)" in refused.stderr
    assert finish(process, signal.SIGINT) != 0
    assert f"cancelled 1 of your jobs: {job} (slow)" in slow.read("log")
    assert "Traceback" not in slow.read("log")
    wait_for(lambda: cluster.jobs()[job] == "CANCELLED")
    assert slow.make("clean").returncode == 0


def test_jobs_of_a_lost_login_shell_are_gone_on_with_and_not_submitted_again(
    slow: Tiny, cluster: Cluster
) -> None:
    process = slow.start("first", *SLURM)
    wait_for((slow.root / "begun").exists)
    finish(process, signal.SIGHUP)
    job, count = job_of(slow, "first"), len(cluster.jobs())
    assert cluster.jobs()[job] == "RUNNING"
    process = slow.start("second", *SLURM)
    assert job_of(slow, "second") == job and "slow: goes on as job" in slow.read("second")
    (slow.root / "hang").unlink()
    assert finish(process) == 0, slow.read("second")
    assert slow.ran() == ["slow"] and len(cluster.jobs()) == count


def test_a_job_for_other_settings_is_cancelled_and_one_for_these_submitted(
    slow: Tiny, cluster: Cluster
) -> None:
    process = slow.start("first", *SLURM)
    wait_for((slow.root / "begun").exists)
    finish(process, signal.SIGHUP)
    slow.write("profiles/demo.yaml", "stages:\n  slow: {seed: 4}\n")
    (slow.root / "hang").unlink()
    assert finish(slow.start("second", *SLURM)) == 0, slow.read("second")
    first, second = job_of(slow, "first"), job_of(slow, "second")
    assert first != second
    settings = json.loads(slow.read("build/demo/stages/slow/provenance.json"))["settings"]
    assert settings == {"seed": 4}


def test_failures_are_told_in_plain_words_and_k_finishes_the_rest(failing: Tiny) -> None:
    tiny = failing
    wait_for(lambda: "time limit" in tiny.read("log"), seconds=90)
    wait_for(lambda: "make: ***" in tiny.read("log"))
    log = tiny.read("log")
    assert "error: wrong: ValueError: seven is not a colour\n  log: build/demo/state/wrong.log\n" in log
    assert "seven is not a colour" in tiny.read("build/demo/state/wrong.log")
    assert re.search(r"error: greedy: out of memory: it used more than the 0.1 GiB of its row", log)
    assert re.search(r"error: sleepy: Slurm stopped it at its time limit of 9 min 00 s \(job \d+\)", log)
    assert "error: huge: Slurm refused it (1 CPU, 1 GPU, 10 min, 900 GiB): " in log
    assert "after: queued" not in log and "sbatch: error" not in log
    status = " ".join(tiny.make("status").stdout.split())
    assert "greedy failed greedy: out of memory" in status


def test_a_preempted_job_is_queued_again_and_goes_on_from_its_checkpoint(
    slow: Tiny, cluster: Cluster
) -> None:
    process = slow.start("log", *SLURM)
    wait_for((slow.root / "begun").exists)
    job = job_of(slow, "log")
    cluster.ask("sbatch", "--partition=urgent", f"-c{CPUS}", "--mem=100", "-o/dev/null", "--wrap=sleep 2")
    wait_for(lambda: f"slow: queued again (job {job}" in slow.read("log"))
    (slow.root / "hang").unlink()
    assert finish(process) == 0, slow.read("log")
    assert json.loads(slow.read("build/demo/stages/slow/metrics.json"))["value"] == 2
    assert slow.ran() == ["slow", "slow"]


def test_an_unknown_partition_is_refused_before_anything_is_submitted(cluster: Cluster, bare: Tiny) -> None:
    done = bare.make(*SLURM, "SLURM_PARTITION=mian")
    assert done.returncode != 0
    assert "error: SLURM_PARTITION=mian: no such partition\n  Did you mean main?" in done.stderr
    assert not (bare.root / "build/demo/state/slurm").exists()
