"""A tiny project with three stages more, one of which writes weights, and what is recorded of it."""

from pathlib import Path

from tests.forked import built, planner
from tests.tiny import Tiny

NET = """\
with Path("runs.txt").open("a") as file:
    file.write("net\\n")
outputs.path("part/net.safetensors").write_bytes(bytes(10))
outputs.save("loss", np.arange(9))
return Metrics(value=1, more=[])
"""
USE = """\
with Path("runs.txt").open("a") as file:
    file.write("use\\n")
return Metrics(value=len(inputs["net"].path("part/net.safetensors").read_bytes()), more=[])
"""
PLOT = """\
with Path("runs.txt").open("a") as file:
    file.write("plot\\n")
return Metrics(value=inputs["net"].array("loss").sum(), more=[])
"""


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def states(tiny: Tiny) -> dict[str, str]:
    return {status.task.id: status.state for status in planner(tiny).statuses()}


def recorded_once_of(tiny: Tiny) -> Tiny:
    tiny.stage("net", NET)
    for name, body in (("use", USE), ("plot", PLOT)):
        tiny.stage(name, body, "{needs: [net], minutes: 0.01}")
    built(tiny, "figures")
    done = tiny.make("record")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("recorded/demo: 9 of 9 results (9 new, 0 pruned), 0.0 MB of 40.0 MB\n")
    tiny.ran()
    return tiny


def entry(tiny: Tiny, name: str) -> Path:
    (found,) = (tiny.root / "recorded/demo/results").glob(f"{name}@*.json")
    return found
