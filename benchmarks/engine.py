"""Builds of 40 trivial stages: ours beside GNU make, doit, Snakemake and DVC, as a Markdown table.

    python -m benchmarks.engine [--tools ours make doit …] [--keep FOLDER]

Each tool is installed by uv into an environment of its own, in a temporary folder; one that can't be had is
named and left out. Seconds are of the wall, and in brackets those that the processors worked, which
other work on the machine disturbs less. The numbers after a change say how many stages ran again; `!`
marks a wrong answer, with what was wrong: a stage too many, one too few, or results that are not those of
an undisturbed build.
"""

import argparse
import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import engine_projects as projects

ENGINE = Path(__file__).resolve().parents[1]
REPEATS = 10  # of what takes little: the fastest counts
HELPED = {f"{kind}{number:02d}" for kind in "st" for number in range(projects.HELPED)}


@dataclass
class Tool:
    """One tool: how its project is written, and the commands, run in the project's folder.

    Attributes:
        remedies: commands that it asks for itself after it was killed.
    """

    name: str
    packages: list[str]
    write: Callable[[Path, str], None]
    build: list[str]
    status: list[str]
    prepare: list[list[str]] = field(default_factory=list)
    remedies: list[list[str]] = field(default_factory=list)
    note: str = ""

    @property
    def code(self) -> str:
        return "experiments" if self.name == "ours" else "stages"

    def result(self, root: Path, name: str, file: str) -> Path:
        return root / ("build/demo/stages" if self.name == "ours" else "out") / name / file


def tools() -> list[Tool]:
    make = ["make", "-f", f"{ENGINE}/Makefile", f"ENGINE={ENGINE}", f"VENV={sys.prefix}"]
    snakemake = ["snakemake", "--cores", "2", "--quiet", "all"]
    return [
        Tool("ours", [], lambda root, _: projects.write_ours(root), [*make, "experiments", "JOBS=2"],
             [*make, "status"]),
        Tool("make", [], projects.write_make, ["make", "-j2"], ["make", "-n"]),
        Tool("doit", ["doit"], projects.write_doit, ["doit", "-n", "2", "-P", "process"],
             ["doit", "list", "--all", "--status"]),
        Tool("Snakemake", ["snakemake"], projects.write_snakemake, snakemake, [*snakemake, "-n"],
             remedies=[["snakemake", "--unlock"], [*snakemake, "--rerun-incomplete"]]),
        Tool("DVC", ["dvc"], projects.write_dvc, ["dvc", "repro", "-q"], ["dvc", "status"],
             prepare=[["dvc", "init", "--no-scm", "-q"]], note="one job: `dvc repro` has no more"),
    ]  # fmt: skip


class Bench:
    """The project of one tool in `root`, whose environment lies in `environment`."""

    def __init__(self, tool: Tool, root: Path, environment: Path) -> None:
        self.tool, self.root = tool, root
        path = f"{environment / 'bin'}:{os.environ['PATH']}"
        dropped = ("PYTHONPATH", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PROFILE", "EXECUTOR")
        dropped += ("PYTHONDONTWRITEBYTECODE",)  # every tool is compiled once, as on a user's machine
        kept = {k: v for k, v in os.environ.items() if k not in dropped and not k.startswith("COLOPHON_")}
        self.environment = kept | {"PATH": path, "DVC_NO_ANALYTICS": "1", "PYTHONHASHSEED": "0"}

    def call(self, words: list[str], must: bool = True) -> tuple[float, float]:
        """Run a command; the seconds on the wall and of the processors."""
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(
            words, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False
        )
        took, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode and must:
            raise RuntimeError(f"{' '.join(words)}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def best(self, words: list[str]) -> str:
        walls, works = zip(*(self.call(words) for _ in range(REPEATS)), strict=True)
        return f"{min(walls):.2f} ({min(works):.2f})"

    def ran(self) -> list[str]:
        """The stages that ran since the last call."""
        file = self.root / "runs.txt"
        runs = sorted(file.read_text().split()) if file.exists() else []
        file.unlink(missing_ok=True)
        return runs

    def results(self) -> dict[str, str]:
        paths = [self.tool.result(self.root, n, f) for n in projects.NAMES for f in ("out.json", "out.bin")]
        return {
            "/".join(path.parts[-2:]): hashlib.sha256(path.read_bytes()).hexdigest()
            if path.is_file()
            else ""
            for path in paths
        }

    def after(self, change: Callable[[], None], expected: list[set[str]], reference: dict[str, str]) -> str:
        """How many stages run after `change`, with what is wrong; the project is then as it was."""
        backup = self.root.with_name(f"{self.root.name}-before")
        subprocess.run(["cp", "-a", str(self.root), str(backup)], check=True)
        try:
            change()
            note = self.build_again()
            ran, found = self.ran(), self.results()
            problems = [] if not reference or found == reference else ["wrong results"]
            problems += [] if set(ran) in expected else [wrong(set(ran), expected[0])]
            problems += [note] if note else []
            return f"{len(ran)} ! {'; '.join(problems)}" if problems else str(len(ran))
        finally:
            shutil.rmtree(self.root)
            backup.rename(self.root)

    def build_again(self) -> str:
        try:
            self.call(self.tool.build)
        except RuntimeError:
            if not self.tool.remedies:
                return "the build fails"
            for words in self.tool.remedies:
                self.call(words)
            return "only after " + " and ".join(words[-1] for words in self.tool.remedies)
        return ""

    def measure(self) -> dict[str, str]:
        """Every row of the table."""
        self.tool.write(self.root, sys.executable)
        for words in self.tool.prepare:
            self.call(words)
        wall, work = self.call(self.tool.build)
        assert self.ran() == sorted(projects.NAMES), "the first build did not run every stage once"
        time.sleep(2.1)  # ours reads files anew that are younger, as git does
        self.call(self.tool.build)
        rows = {
            "full build, s": f"{wall:.1f} ({work:.1f})",
            "nothing to do, s": self.best(self.tool.build),
            "status, s": self.best(self.tool.status),
        }
        assert not self.ran(), "a build with nothing to do ran stages"
        return rows | self.changes()

    def changes(self) -> dict[str, str]:
        code, made = self.root / self.tool.code, self.results()
        binary = self.tool.result(self.root, "s03", "out.bin")

        def touch() -> None:
            for path in (*code.glob("*.py"), *self.root.glob("*.json"), *self.root.glob("*.yaml")):
                path.touch()

        def comment() -> None:
            path = code / "s00.py"
            path.write_text("# said in passing\n" + path.read_text())

        def helper() -> None:
            (code / "helper.py").write_text(projects.HELPER.replace("+ 1", "+ 2"))

        def parameter() -> None:
            if self.tool.name == "ours":
                path, old, new = self.root / "profiles/demo.yaml", "s05: {seed: 5}", "s05: {seed: 500}"
            else:
                path, old, new = self.root / "params.json", '"s05": 5,', '"s05": 500,'
            path.write_text(path.read_text().replace(old, new))

        def alter() -> None:
            content = bytearray(binary.read_bytes())
            content[1000] ^= 1
            binary.chmod(0o644)  # DVC protects what it keeps
            binary.unlink()  # and may share it with its cache
            binary.write_bytes(bytes(content))

        return {
            "touched, runs": self.after(touch, [set()], made),
            "comment": self.after(comment, [set()], made),
            "helper": self.after(helper, [HELPED], {}),
            "parameter": self.after(parameter, [{"s05", "t05"}], {}),
            "deleted output": self.after(binary.unlink, [{"s03"}, set()], made),
            "altered output": self.after(alter, [{"s03"}, set()], made),
            "kill -9": self.after(self.kill, [{"s07", "t07"}, {"s07"}], made),
        }

    def kill(self) -> None:
        """Change s07 without changing its result, and kill the build while it writes the half of that."""
        path = self.root / self.tool.code / "s07.py"
        path.write_text(path.read_text().replace("0, 256,", "0, 255 + 1,"))
        (self.root / "hang").touch()
        process = subprocess.Popen(
            self.tool.build, cwd=self.root, env=self.environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        end = time.monotonic() + 120
        while not (self.root / "half").exists():
            if time.monotonic() > end or process.poll() is not None:
                raise RuntimeError("the stage to be killed did not begin")
            time.sleep(0.02)
        kill_session(process.pid)
        process.wait()
        (self.root / "hang").unlink()
        self.ran()


def kill_session(session: int) -> None:
    """Kill -9 every process of a session, also those in groups of their own."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session:
            os.kill(int(folder.name), signal.SIGKILL)


def wrong(ran: set[str], expected: set[str]) -> str:
    more, fewer = len(ran - expected), len(expected - ran)
    return " and ".join([*([f"{more} too many"] if more else []), *([f"{fewer} too few"] if fewer else [])])


def install(tool: Tool, folder: Path) -> str:
    """Install `tool` into an environment in `folder`; its version. Raises RuntimeError with the reason."""
    if not tool.packages:
        version = subprocess.run(["make", "--version"], capture_output=True, text=True, check=True).stdout
        return version.split("\n")[0] if tool.name == "make" else "this checkout"
    uv = shutil.which("uv", path=f"{Path(sys.prefix) / 'bin'}:{os.environ['PATH']}")
    if uv is None:
        raise RuntimeError("uv is not there")
    steps = [
        ["venv", "-q", "--python", sys.executable, str(folder)],
        ["pip", "install", "-q", "--compile-bytecode", "--python", str(folder), *tool.packages],
    ]
    for words in steps:
        done = subprocess.run([uv, *words], capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.strip().splitlines()[-1])
    listed = subprocess.run(
        [uv, "pip", "list", "--format", "json", "--python", str(folder)], capture_output=True, check=True
    )
    versions = {each["name"]: each["version"] for each in json.loads(listed.stdout)}
    return f"{tool.packages[0]} {versions[tool.packages[0]]}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tools", nargs="+", default=[tool.name for tool in tools()])
    parser.add_argument("--keep", type=Path, help="a folder for the projects, kept; else a temporary one")
    arguments = parser.parse_args()
    columns: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory(prefix="engine-") as temporary:
        folder = arguments.keep or Path(temporary)
        for tool in tools():
            if tool.name not in arguments.tools:
                continue
            try:
                version = install(tool, folder / f"{tool.name}-environment")
                print(f"{tool.name}: {version}{f' ({tool.note})' if tool.note else ''}", flush=True)
                columns[tool.name] = Bench(
                    tool, folder / tool.name, folder / f"{tool.name}-environment"
                ).measure()
            except RuntimeError as error:
                print(f"{tool.name} is left out: {error}", flush=True)
    print()
    print(table(columns))


def table(columns: dict[str, dict[str, str]]) -> str:
    rows = list(next(iter(columns.values()), {}))
    lines = [["", *columns], ["---"] * (len(columns) + 1)]
    lines += [[row, *(column[row] for column in columns.values())] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    main()
