"""The files of the tiny project that the engine's tests build."""

FILES = {
    "pipeline.yaml": """\
stages:
  chain/source:
    about: read the numbers
    data: [dataset]
    minutes: 0.01
  chain/double:
    needs: [chain/source]
    minutes: 0.01
  chain/member:
    needs: [chain/double]
    each: {seed: seeds}
    minutes: 0.01
  chain/total:
    needs: [chain/member]
    minutes: 0.01
  side:
    about: depends on nothing
    minutes: 0.01
figures:
  chain: {needs: [chain/total], minutes: 0.01}
data:
  numbers:
    path: numbers.txt
    about: three numbers
    source: the author of these tests
""",
    "profiles/demo.yaml": """\
values:
  seeds: [1, 2]
stages:
  chain/source: {scale: 2.0}
""",
    "data/numbers.txt": "1\n2\n3\n",
    "experiments/__init__.py": "",
    "experiments/chain/__init__.py": "",
    "figures/__init__.py": "",
    "experiments/shared.py": '''\
"""Helps chain/double and side."""

FACTOR = 2


def times(value):
    """Doubles."""
    return FACTOR * value  # a comment
''',
    "experiments/lazy.py": "STEP = 1\n",
    "experiments/chain/source.py": '''\
"""Reads numbers from a data file."""

from pathlib import Path

import numpy as np
from pydantic import Field

from report import stage
from report.stage import quantity


class Settings(stage.Settings):
    dataset: str = Field("numbers", description="an entry of pipeline.yaml")
    scale: float = Field(1.0, ge=0, le=100, description="cut to a whole number")
    seed: int = Field(7, description="any")


class Metrics(stage.Metrics):
    count: int = quantity("numbers read, a count")
    noise: float = quantity("a random number")


def run(settings, inputs, outputs):
    """Scales them."""
    with Path("runs.txt").open("a") as file:
        file.write("chain/source\\n")
    values = np.loadtxt(inputs.data(settings.dataset))
    outputs.save("values", values * int(settings.scale))
    return Metrics(count=len(values), noise=np.random.rand())
''',
    "experiments/chain/double.py": """\
from pathlib import Path

from experiments.shared import times
from report import stage
from report.stage import quantity


class Settings(stage.Settings):
    offset: int = 0


class Metrics(stage.Metrics):
    largest: float = quantity("the largest number")


def run(settings, inputs, outputs):
    with Path("runs.txt").open("a") as file:
        file.write("chain/double\\n")
    values = times(inputs["chain/source"].array("values")) + settings.offset
    outputs.save("values", values)
    return Metrics(largest=values.max())
""",
    "experiments/chain/member.py": """\
from pathlib import Path

from report import stage
from report.stage import quantity


class Settings(stage.Settings):
    seed: int


class Metrics(stage.Metrics):
    value: float = quantity("the largest number and the seed")


def run(settings, inputs, outputs):
    from experiments.lazy import STEP

    with Path("runs.txt").open("a") as file:
        file.write(f"chain/member/seed={settings.seed}\\n")
    return Metrics(value=inputs["chain/double"].metrics["largest"] + settings.seed * STEP)
""",
    "experiments/chain/total.py": """\
from pathlib import Path

from report import stage
from report.stage import quantity


class Settings(stage.Settings):
    pass


class Metrics(stage.Metrics):
    total: float = quantity("the sum over the members")
    members: list[float] = quantity("the members")


def run(settings, inputs, outputs):
    with Path("runs.txt").open("a") as file:
        file.write("chain/total\\n")
    members = [result.metrics["value"] for result in inputs.all("chain/member")]
    return Metrics(total=sum(members), members=members)
""",
    "experiments/side.py": """\
from pathlib import Path

from experiments.shared import times
from report import stage
from report.stage import quantity


class Settings(stage.Settings):
    start: int = 3


class Metrics(stage.Metrics):
    value: float = quantity("twice the start")


def run(settings, inputs, outputs):
    with Path("runs.txt").open("a") as file:
        file.write("side\\n")
    return Metrics(value=times(settings.start))
""",
    "figures/chain.py": """\
from pathlib import Path


def draw(inputs, outputs):
    with Path("runs.txt").open("a") as file:
        file.write("figures/chain\\n")
    outputs.path("total.txt").write_text(str(inputs["chain/total"].metrics["total"]))
""",
}
