"""Where a result comes from: what its key is made of, and on what machine, when, with what it ran."""

import functools
import json
import os
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from report.build.content import Content, digest, read_json, read_once, write_json
from report.build.pipeline import Task
from report.build.project import ENGINE, Project, git
from report.errors import ColophonError

PROVENANCE = "provenance.json"
LOG = "log.txt"
NOT_OUTPUTS = (PROVENANCE, LOG)
MAPPINGS = ("modules", "settings", "inputs", "data", "outputs")
NEEDED = {"modules", "settings", "inputs", "data", "outputs", "digest", "seconds", "started"}
LIBRARIES = (
    "torch", "torchvision", "timm", "scikit-learn", "numpy", "scipy", "pandas", "matplotlib", "Pillow",
    "imageio-ffmpeg",
)  # fmt: skip


def output_hashes(content: Content, directory: Path) -> dict[str, str]:
    """The sha256 of every output below `directory`, by relative path."""
    found = (Path(folder, name) for folder, _, names in os.walk(directory) for name in names)
    files = {path.relative_to(directory).as_posix(): path for path in sorted(found) if path.is_file()}
    return {name: content.file(path) for name, path in files.items() if name not in NOT_OUTPUTS}


def left_out(made: dict[str, Any]) -> list[str]:
    """The outputs of a result that were left out of the record which it was restored from."""
    return made.get("restored", {}).get("left_out", [])


def require_own_files(task: Task, directory: Path) -> None:
    """Raise ColophonError for an output whose name is one that the engine writes to, and for a link."""
    if link := next((path for path in directory.rglob("*") if path.is_symlink()), None):
        raise ColophonError(
            f"{task.id} wrote the link {link.relative_to(directory)}", "Write the file itself."
        )
    for name in (*NOT_OUTPUTS, *([] if task.is_drawn else ["metrics.json"])):
        if (directory / name).exists():
            raise ColophonError(f"{task.id} wrote {name}, which the engine writes itself", "Rename it.")


def read_provenance(project: Project, task: Task) -> dict[str, Any]:
    """The task's provenance; empty where it has no result, or was altered since it was written."""
    return dict(read_checked(task.directory(project) / PROVENANCE))


@read_once
def read_checked(path: Path) -> dict[str, Any]:
    found = read_json(path)
    checksum = found.pop("checksum", None)
    sealed = checksum is not None or "reads" in found  # earlier engines wrote neither
    if not is_whole(found) or (sealed and checksum != digest(found)):
        return {}
    return found


def is_whole(made: dict[str, Any]) -> bool:
    """Whether a provenance has everything that is asked of it, each of the right kind."""
    kinds: dict[str, Any] = dict.fromkeys(MAPPINGS, dict) | {"seconds": int | float, "started": str}
    return made.keys() >= NEEDED and all(isinstance(made[name], kind) for name, kind in kinds.items())


def write_provenance(folder: Path, made: dict[str, Any]) -> None:
    """Write a provenance with its own checksum, by which an altered one is found."""
    plain = json.loads(json.dumps(made))  # as it will be read
    write_json(folder / PROVENANCE, {**plain, "checksum": digest(plain)})


def key_of(parts: dict[str, Any]) -> str:
    """The key: the hash of the parts, in which the order of the inputs counts, since scripts see it."""
    return digest({**parts, "inputs": list(parts["inputs"].items())})


def make_provenance(
    project: Project, task: Task, parts: dict[str, Any], outputs: dict[str, str], **more: Any
) -> dict[str, Any]:
    """Everything that is recorded of a run: `parts` make the key, the rest is for people."""
    return {
        "stage": task.name,
        "id": task.id,
        "each": task.each,
        "about": task.row.about,
        "script": task.script,
        "profile": project.profile,
        "key": key_of(parts),
        **parts,
        "outputs": outputs,
        "digest": digest(outputs),
        **more,
        "hardware": hardware(),
        "versions": versions(),
    }


def version_control(project: Project) -> dict[str, Any]:
    """The commit, and whether anything differs from it; to be asked before a run, which may take hours."""
    return {
        "commit": git(project.root, "rev-parse", "HEAD"),
        "uncommitted_changes": bool(git(project.root, "status", "--porcelain")),
    }


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@functools.cache
def versions() -> dict[str, str]:
    """Python's version and those of the libraries that can change a result."""
    import platform  # slow to import, and planning does without
    from importlib import metadata

    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name.lower()] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def hardware() -> dict[str, Any]:
    """Processor, cores, memory in GiB, and the GPU if torch has used one."""
    import platform

    torch = sys.modules.get("torch")
    gpu = torch.cuda.get_device_name() if torch and torch.cuda.is_initialized() else None
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(memory, 1),
        "gpu": gpu,
        "system": platform.platform(terse=True),
    }


def processor() -> str:
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found.group(1).strip() if found else os.uname().machine


@functools.cache
def locked_versions(lock: Path = ENGINE / "requirements.lock") -> dict[str, set[str]]:
    """The versions that requirements.lock allows, by library; several where Pythons differ."""
    found: dict[str, set[str]] = {}
    if lock.is_file():
        for name, version in re.findall(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)", lock.read_text(), re.M):
            found.setdefault(name.lower(), set()).add(version)
    return found


def other_versions(provenance: dict[str, Any]) -> list[str]:
    """Libraries whose locked version is not the one a result was made with: `torch 2.14.0`."""
    made = provenance.get("versions", {}).items()
    return [f"{n} {v}" for n, v in made if n in locked_versions() and v not in locked_versions()[n]]
