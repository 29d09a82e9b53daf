"""Where a project's files lie, and the variables it is built with: the one place that reads them."""

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from report.errors import ColophonError

ENGINE = Path(__file__).resolve().parents[2]
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")  # of profiles and documents: they become Make targets
RENDERERS = ("auto", "pandoc", "quarto")


@dataclass(frozen=True)
class Project:
    """One project folder, seen through one profile.

    Attributes:
        root: the folder that holds pipeline.yaml.
        profile: name of a file in profiles/, without its suffix.
        data_dir: where data sets and weights lie (`DATA_DIR`).
        torch_home: where torch keeps its checkpoints (`TORCH_HOME`).
        renderer: `auto`, `pandoc` or `quarto` (`RENDERER`).
        frozen: run no experiment (`FROZEN`).
        shows_stale: when frozen, show stale results and mark them, instead of stopping (`STALE`).
    """

    root: Path
    profile: str
    data_dir: Path
    torch_home: Path
    renderer: str = "auto"
    frozen: bool = False
    shows_stale: bool = False
    build: Path = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "build", self.root / "build" / self.profile)

    @property
    def profile_file(self) -> Path:
        return self.root / "profiles" / f"{self.profile}.yaml"

    @property
    def cache(self) -> Path:
        """What may be lost without harm: hashes and resolved settings, kept for speed."""
        return self.build / "cache.json"

    def relative(self, path: Path) -> str:
        """`path` as shown to people and stored: relative to the project where it lies inside."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)

    def data_path(self, path: str) -> Path:
        """Where the data at `path` of the catalogue lie; `torch/…` follows `TORCH_HOME`."""
        variable, below = self.data_variable(path)
        return (self.torch_home if variable == "TORCH_HOME" else self.data_dir) / below

    def data_variable(self, path: str) -> tuple[str, str]:
        """Which variable leads to the data at `path` of the catalogue, and where below its folder."""
        first, _, rest = path.partition("/")
        return ("TORCH_HOME", rest) if first == "torch" and rest else ("DATA_DIR", path)


def open_project(
    profile: str | None = None, root: Path | None = None, env: Mapping[str, str] = os.environ
) -> Project:
    """The project in `root` (default: the current folder) with the variables of `env`.

    Raises ColophonError for a folder without pipeline.yaml and for a variable with a wrong value;
    the message lists the right ones.
    """
    root = Path(root or Path.cwd()).absolute()
    if not (root / "pipeline.yaml").is_file():
        raise ColophonError(
            f"no pipeline.yaml in {root}", "Run from a project's folder (the one with the Makefile)."
        )
    name = profile or env.get("PROFILE") or "demo"
    known = sorted(p.stem for p in (root / "profiles").glob("*.yaml") if NAME.fullmatch(p.stem))
    if name not in known:
        raise ColophonError(f"PROFILE={name}: no such profile", f"Profiles: {', '.join(known)}")
    renderer = env.get("RENDERER") or "auto"
    if renderer not in RENDERERS:
        raise ColophonError(f"RENDERER={renderer}: no such renderer", f"One of: {', '.join(RENDERERS)}")
    data_dir = root / (env.get("DATA_DIR") or "data")
    if env.get("DATA_DIR") and not data_dir.is_dir():
        raise ColophonError(
            f"DATA_DIR={env['DATA_DIR']}: no such folder", "Name a folder that exists, or leave it out."
        )
    torch_home = Path(env["TORCH_HOME"]) if env.get("TORCH_HOME") else data_dir / "torch"
    frozen, shows_stale = env.get("FROZEN", "") not in ("", "0"), bool(env.get("STALE"))
    for variable, right in (("FROZEN", "01"), ("STALE", ("show",))):
        if (given := env.get(variable)) and given not in right:
            raise ColophonError(f"{variable}={given}: not known", f"One of: {', '.join(right)}, or nothing")
    if shows_stale and not frozen:
        raise ColophonError("STALE=show: only with FROZEN=1", "A build without it runs what is stale.")
    return Project(root, name, data_dir, torch_home, renderer, frozen, shows_stale)


def check_jobs(jobs: str) -> None:
    """Raise ColophonError unless `jobs` (the variable JOBS) is a whole number from 1."""
    if not re.fullmatch(r"[1-9][0-9]*", jobs):
        raise ColophonError(f"JOBS={jobs}: not a number of jobs", "A whole number from 1 up.")


def git(root: Path, *words: str) -> str:
    """What git says, stripped; empty where there is no git or no repository."""
    try:
        done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def source_date(root: Path, env: Mapping[str, str] = os.environ) -> int:
    """Seconds since 1970 of the document's date: `SOURCE_DATE_EPOCH`, else the last commit's."""
    given = env.get("SOURCE_DATE_EPOCH", "") or git(root, "log", "-1", "--format=%ct")
    if not given:
        return int((root / "pipeline.yaml").stat().st_mtime)
    if not re.fullmatch(r"[0-9]{1,11}", given):  # 11 digits: up to the year 5138
        raise ColophonError(
            f"SOURCE_DATE_EPOCH={given}: not a number of seconds since 1970", "Leave it out, or mend it."
        )
    return int(given)
