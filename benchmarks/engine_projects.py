"""One project of 40 trivial stages, written for our engine and for four tools beside it.

Twenty stages `s00` … draw random numbers, twenty `t00` … add to those of one of them each. `s00` to `s09`
import a helper. Each writes 100 KB of JSON and 1 MB of bytes, in the same Python on each side. Everything a
stage depends on is declared to every tool by hand, the helper too; ours finds it.
"""

import json
from pathlib import Path

COUNT = 20
HELPED = 10
NAMES = [f"{kind}{number:02d}" for kind in "st" for number in range(COUNT)]

WORK = """\
import json
import time
from pathlib import Path

import numpy as np
{imports}

def work(seed, source, out):
    with Path("runs.txt").open("a") as file:
        file.write("{name}\\n")
    numbers = np.random.default_rng(seed).integers(0, 256, 2**20, dtype=np.uint8)
    if source is not None:
        numbers = numbers + np.fromfile(source, dtype=np.uint8)
    {helped}
    (out / "out.json").write_text(json.dumps(numbers[: 2**14].tolist()).ljust(10**5))
    with (out / "out.bin").open("wb") as file:
        file.write(numbers[: 2**19].tobytes())
        file.flush()
        if Path("hang").exists() and "{name}" == "s07":
            Path("half").touch()
            time.sleep(60)
        file.write(numbers[2**19 :].tobytes())
"""
SCRIPT = """

if __name__ == "__main__":
    out = Path("out/{name}")
    out.mkdir(parents=True, exist_ok=True)
    work(json.loads(Path("params.json").read_text())["{name}"], {source}, out)
"""
OURS = """

class Settings(stage.Settings):
    seed: int = 0


class Metrics(stage.Metrics):
    done: int = quantity("one")


def run(settings, inputs, outputs):
    work(settings.seed, {source}, outputs.directory)
    return Metrics(done=1)
"""
HELPER = "def shift(numbers):\n    return numbers + 1\n"


def number(name: str) -> int:
    return int(name[1:])


def is_helped(name: str) -> bool:
    return name[0] == "s" and number(name) < HELPED


def needs(name: str) -> list[str]:
    return [f"s{name[1:]}"] if name[0] == "t" else []


def seeds() -> dict[str, int]:
    return {name: index for index, name in enumerate(NAMES)}


def work_of(name: str, package: str, imports: str = "") -> str:
    helper = f"from {package}.helper import shift\n" if is_helped(name) else ""
    helped = "numbers = shift(numbers)" if is_helped(name) else "pass"
    return WORK.format(name=name, imports=imports + helper, helped=helped)


def write_scripts(root: Path) -> None:
    """The stages as scripts `stages/<name>.py`, which are run with PYTHONPATH=. from `root`."""
    (root / "stages").mkdir(parents=True)
    (root / "stages/__init__.py").touch()
    (root / "stages/helper.py").write_text(HELPER)
    (root / "params.json").write_text(json.dumps(seeds(), indent=1))
    for name in NAMES:
        source = f'Path("out/{needs(name)[0]}/out.bin")' if needs(name) else "None"
        text = work_of(name, "stages") + SCRIPT.format(name=name, source=source)
        (root / f"stages/{name}.py").write_text(text)


def dependencies(name: str) -> list[str]:
    helper = ["stages/helper.py"] if is_helped(name) else []
    return [f"stages/{name}.py", *helper, *(f"out/{need}/out.bin" for need in needs(name))]


def write_make(root: Path, python: str) -> None:
    write_scripts(root)
    lines = ["all: " + " ".join(f"out/{name}/out.bin" for name in NAMES)]
    for name in NAMES:
        lines += [
            f"out/{name}/out.json out/{name}/out.bin &: {' '.join(dependencies(name))} params.json",
            f"\tPYTHONPATH=. {python} stages/{name}.py",
        ]
    (root / "Makefile").write_text("\n".join(lines) + "\n")


def write_doit(root: Path, python: str) -> None:
    write_scripts(root)
    table = {name: dependencies(name) for name in NAMES}
    (root / "dodo.py").write_text(
        "import json\nfrom doit.tools import config_changed\n"
        'DOIT_CONFIG = {"verbosity": 0}\n'
        f"TABLE = {table!r}\n"
        'SEEDS = json.load(open("params.json"))\n\n\n'
        "def task_stage():\n"
        "    for name, depends in TABLE.items():\n"
        '        yield {"name": name, "file_dep": depends, '
        '"uptodate": [config_changed({"seed": SEEDS[name]})],\n'
        '               "targets": [f"out/{name}/out.json", f"out/{name}/out.bin"],\n'
        f'               "actions": ["PYTHONPATH=. {python} stages/" + name + ".py"]}}\n'
    )


def write_snakemake(root: Path, python: str) -> None:
    write_scripts(root)
    outputs = [f"out/{name}/out.bin" for name in NAMES]
    lines = ['configfile: "params.json"', "rule all:", f"    input: {outputs!r}"]
    for name in NAMES:
        lines += [
            f"rule {name}:",
            f"    input: {dependencies(name)!r}",
            f'    output: "out/{name}/out.json", "out/{name}/out.bin"',
            f'    params: seed=config["{name}"]',
            f'    shell: "PYTHONPATH=. {python} stages/{name}.py"',
        ]
    (root / "Snakefile").write_text("\n".join(lines) + "\n")


def write_dvc(root: Path, python: str) -> None:
    write_scripts(root)
    stages = {
        name: {
            "cmd": f"PYTHONPATH=. {python} stages/{name}.py",
            "deps": dependencies(name),
            "params": [{"params.json": [name]}],
            "outs": [f"out/{name}/out.json", f"out/{name}/out.bin"],
        }
        for name in NAMES
    }
    (root / "dvc.yaml").write_text(json.dumps({"stages": stages}, indent=1))  # JSON is YAML


def write_ours(root: Path) -> None:
    folder = root / "experiments"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "helper.py").write_text(HELPER)
    rows = [
        f"  {name}: {{needs: [{', '.join(needs(name))}], device: cpu, minutes: 0.01}}" for name in NAMES
    ]
    (root / "pipeline.yaml").write_text("stages:\n" + "\n".join(rows) + "\n")
    (root / "profiles").mkdir()
    settings = [f"  {name}: {{seed: {seed}}}" for name, seed in seeds().items()]
    (root / "profiles/demo.yaml").write_text("stages:\n" + "\n".join(settings) + "\n")
    imports = "from report import stage\nfrom report.stage import quantity\n"
    for name in NAMES:
        source = f'inputs["{needs(name)[0]}"].path("out.bin")' if needs(name) else "None"
        text = work_of(name, "experiments", imports) + OURS.format(source=source)
        (folder / f"{name}.py").write_text(text)
