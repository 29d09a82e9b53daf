"""Stages run in forks of a process that has loaded their libraries, and nothing else about them differs."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from report.build.libraries import imported_at_the_top, shared_libraries
from report.build.plan import Planner
from report.build.project import open_project
from report.fork_client import server_socket
from tests.tiny import Tiny, finish, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="fork servers are for Linux")
TOLD = """\
import json, os, sys
Path("told-{name}").write_text(json.dumps({{
    "pid": os.getpid(), "parent": os.getppid(), "argv": sys.argv[1:], "folder": str(Path.cwd()),
    "threads": os.environ["OMP_NUM_THREADS"], "mine": os.environ.get("MINE"),
    "client": Path("/proc/%d/cmdline" % os.getppid()).read_text().split("\\0")[1:4],
}}))
import time
while Path("hang-{name}").exists():
    time.sleep(0.02)
if Path("die-{name}").exists():
    os.kill(os.getpid(), 9)
if Path("parricide-{name}").exists():
    os.kill(os.getppid(), 9)
    time.sleep(60)
return Metrics(value=float(np.random.random()), more=[])
"""


@pytest.fixture
def two(built: Tiny) -> Tiny:
    """A built project with two more stages that say how they were started."""
    for name in ("one", "two"):
        built.stage(name, TOLD.format(name=name))
    return built


def told(tiny: Tiny, name: str) -> dict:
    return json.loads(tiny.read(f"told-{name}"))


def clients() -> dict[int, list[str]]:
    """The words of each process here that waits for a stage, by its number."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_text().split("\0")
        except OSError:
            continue
        if words[1:5] == ["-m", "report", "run", "--alone"]:
            found[int(path.parent.name)] = words
    return found


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ")[1][0] == "Z"
    except OSError:
        return True


def test_stages_of_a_build_have_one_parent_and_what_they_would_have_by_hand(two: Tiny) -> None:
    done = two.make("experiments", "JOBS=2", MINE="é")
    assert done.returncode == 0, done.stderr
    one, other = told(two, "one"), told(two, "two")
    assert one["parent"] == other["parent"] and one["client"] == ["-m", "report", "make"]
    assert one["argv"] == ["run", "--alone", "--profile", "demo", "one"]
    assert (one["folder"], one["threads"], one["mine"]) == (str(two.root), "1", "é")
    metrics = two.read("build/demo/stages/one/metrics.json")
    by_hand = two.report("run", "--force", "one")
    assert by_hand.returncode == 0, by_hand.stderr
    assert told(two, "one")["client"] != one["client"]
    assert two.read("build/demo/stages/one/metrics.json") == metrics
    wait_for(lambda: is_gone(one["parent"]))


def test_a_single_stage_starts_by_itself(two: Tiny) -> None:
    assert two.make("experiments").returncode == 0
    two.edit("profiles/demo.yaml", "stages:\n", "stages:\n  one: {seed: 5}\n")
    assert two.make("experiments").returncode == 0
    assert told(two, "one")["client"][0] == "--no-print-directory"  # Make's


def test_a_stage_whose_recipe_was_killed_ends(two: Tiny) -> None:
    (two.root / "hang-one").touch()
    process = two.start("log", "experiments")
    wait_for((two.root / "told-one").exists)
    wait_for(lambda: any(words[-2] == "one" for words in clients().values()))
    client = next(pid for pid, words in clients().items() if words[-2] == "one")
    os.kill(client, signal.SIGKILL)
    wait_for(lambda: is_gone(told(two, "one")["pid"]))
    assert finish(process) != 0
    assert "one failed interrupted" in " ".join(two.make("status").stdout.split())


def test_a_stage_ended_by_a_signal_ends_its_recipe_so(two: Tiny) -> None:
    (two.root / "die-one").touch()
    done = two.make("experiments")
    assert done.returncode != 0 and "one] Killed" in done.stderr
    why = "ended by signal 9 (Killed), as the system does where memory runs out"
    assert f"error: one: {why}\n  log: build/demo/state/one.log\n" in done.stderr
    assert f"one failed one: {why}" in " ".join(two.make("status").stdout.split())


def test_stages_whose_server_is_gone_start_by_themselves(two: Tiny) -> None:
    (two.root / "parricide-two").touch()  # the first in the table
    done = two.make("experiments", "-k", "JOBS=1")
    assert done.returncode != 0
    assert "the process that started it is gone" in done.stderr
    assert told(two, "two")["client"] == ["-m", "report", "make"]
    assert told(two, "one")["client"][0] == "--no-print-directory"  # Make's
    assert two.read("build/demo/stages/one/metrics.json")


def test_an_inherited_name_that_is_no_socket_of_a_server_is_passed_over() -> None:
    assert [server_socket(name) for name in ("", "x:y", "1000:1", "0:1")] == [None] * 4


def test_shared_libraries_are_those_that_two_stages_import_at_the_top(two: Tiny) -> None:
    for name, text in {"one": "import scipy.stats\n", "two": "import scipy.stats\nimport torch\n"}.items():
        two.write(f"experiments/{name}.py", text + two.read(f"experiments/{name}.py"))
    project = open_project(root=two.root, env={})
    planner = Planner(project)
    tasks = [planner.tasks[name] for name in ("one", "two")]
    content = planner.content
    assert shared_libraries(project, content, tasks) == {1: ["numpy", "scipy.stats"]}
    assert shared_libraries(project, content, tasks[:1]) == {}


def test_only_libraries_at_the_top_of_a_module_are_loaded_ahead() -> None:
    source = b"import os, torch.nn as nn\nfrom PIL import Image\nfrom report.stage import Inputs\nfrom . import x\n"
    source += b"def f():\n    import timm\n"
    assert imported_at_the_top(source) == {"torch.nn", "PIL"}
