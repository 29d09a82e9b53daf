"""A tiny project in a temporary folder, built through the real Makefile.

Its stages note each run in `runs.txt`, outside the build, so that a test can say which ones ran.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.tiny_project import FILES

ENGINE = Path(__file__).resolve().parents[1]
VENV = Path(sys.prefix)
OURS = (
    "PROFILE", "DATA_DIR", "RENDERER", "JOBS", "DOC", "FROZEN", "STALE", "PRUNE", "ENGINE", "VENV",
    "TORCH_HOME", "PYTHONPATH",
    "PYTHONHASHSEED", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEFILES", "SOURCE_DATE_EPOCH",
    "CUDA_VISIBLE_DEVICES", "EXECUTOR", "SLURM_PARTITION", "SLURM_ACCOUNT",
)  # fmt: skip
CHAIN = ["chain/double", "chain/member/seed=1", "chain/member/seed=2", "chain/source", "chain/total"]
STAGES = [*CHAIN, "side"]
EVERYTHING = sorted([*STAGES, "figures/chain"])


class Tiny:
    """A project of tiny stages.

    Args:
        root: its folder, to be made.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def create(cls, root: Path) -> "Tiny":
        tiny = cls(root)
        for path, text in FILES.items():
            tiny.write(path, text)
        return tiny

    def copy(self, root: Path, *without: str) -> "Tiny":
        """A clone without version control: all files anew, the build folder carried over.

        The folders `without` are left behind.
        """
        ignored = shutil.ignore_patterns(*without)
        shutil.copytree(self.root, root, copy_function=shutil.copyfile, ignore=ignored)
        return Tiny(root)

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def read(self, path: str) -> str:
        return (self.root / path).read_text()

    def edit(self, path: str, old: str, new: str) -> None:
        text = self.read(path)
        assert old in text, f"{old!r} is not in {path}"
        self.write(path, text.replace(old, new))

    def stage(self, name: str, body: str, row: str = "{minutes: 0.01}") -> None:
        """Put a stage beside the others that needs nothing; `body` is what `run` does."""
        text = "\n    ".join(body.strip("\n").split("\n"))
        self.write(
            f"experiments/{name}.py",
            "from pathlib import Path\n\nimport numpy as np\n\nfrom report import stage\n"
            "from report.stage import quantity\n\n\n"
            "class Settings(stage.Settings):\n    seed: int = 0\n\n\n"
            'class Metrics(stage.Metrics):\n    value: float = quantity("a number")\n'
            '    more: list[float] = quantity("numbers")\n\n\n'
            f"def run(settings, inputs, outputs):\n    {text}\n",
        )
        self.edit("pipeline.yaml", "stages:\n", f"stages:\n  {name}: {row}\n")

    def environment(self, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in OURS and not k.startswith("COLOPHON_")}
        return kept | more

    def make_words(self, *words: str) -> list[str]:
        return ["make", "-f", str(ENGINE / "Makefile"), f"ENGINE={ENGINE}", f"VENV={VENV}", *words]

    def make(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """`make` in the project's folder, with the variables `more` in its environment."""
        return run(self.make_words(*words), cwd=self.root, env=self.environment(**more))

    def report(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """`python -m report` in the project's folder."""
        environment = self.environment(PYTHONPATH=str(ENGINE), **more)
        return run([str(VENV / "bin/python"), "-m", "report", *words], cwd=self.root, env=environment)

    def start(self, log: str, *words: str) -> subprocess.Popen[bytes]:
        """`make` in the background, in a process group of its own; it prints to the file `log`.

        It heeds Ctrl+C and a lost shell also where the tests themselves run in the background of a script.
        """
        with (self.root / log).open("w") as file:
            return subprocess.Popen(
                ["env", "--default-signal=INT,HUP", *self.make_words(*words)],
                cwd=self.root,
                env=self.environment(),
                stdout=file,
                stderr=file,
                start_new_session=True,
            )

    def ran(self) -> list[str]:
        """The stages that ran since the last call, sorted."""
        file = self.root / "runs.txt"
        runs = sorted(file.read_text().split()) if file.exists() else []
        file.unlink(missing_ok=True)
        return runs

    def results(self) -> dict[str, bytes]:
        """Every file of every result."""
        folders = [self.root / "build/demo/stages", self.root / "build/demo/figures"]
        files = [p for folder in folders for p in folder.rglob("*") if p.is_file()]
        return {p.relative_to(self.root).as_posix(): p.read_bytes() for p in files}

    def state(self) -> list[str]:
        """What lies beside the results: locks, logs and leftovers."""
        return sorted(p.name for p in (self.root / "build/demo/state").iterdir())


def run(words: list[str], **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=300, **options)  # type: ignore[call-overload]  # of **options


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    """Return as soon as `condition` holds; fail after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def finish(process: subprocess.Popen[bytes], with_signal: int | None = None) -> int:
    """Wait for `process`, after a signal to its whole group (as a terminal sends it); its status."""
    if with_signal is not None:
        os.killpg(process.pid, with_signal)
    try:
        return process.wait(timeout=120)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
