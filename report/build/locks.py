"""Locks: one build of a stage at a time, one stage on a GPU at a time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from report.errors import ColophonError

if TYPE_CHECKING:
    from filelock import FileLock

DEVICES = Path("/dev")
POLL = 0.2  # seconds between two tries for any one of several GPUs


def new_lock(path: Path, **options: Any) -> "FileLock":
    """A lock on a file, which raises a TimeoutError where another process holds it."""
    from filelock import FileLock  # slow to import, and planning seldom locks

    return FileLock(path, **options)


@contextmanager
def exclusive(path: Path, what: str) -> Iterator[None]:
    """Hold the lock at `path`; says so once if another build holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = new_lock(path)
    try:
        lock.acquire(timeout=0)
    except TimeoutError:
        print(f"  {what}: another build is at it; waiting for it", flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def if_free(path: Path) -> Iterator[bool]:
    """Hold the lock at `path` unless another build does; tells which."""
    lock = new_lock(path)
    try:
        lock.acquire(timeout=0)
    except TimeoutError:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def is_held(path: Path) -> bool:
    """Whether a running build holds the lock at `path`."""
    if not path.exists():
        return False
    try:
        with if_free(path) as free:
            return not free
    except OSError:  # where nothing can be written, nothing is being built
        return False


def visible_gpus() -> list[str]:
    """The CUDA numbers of this machine's NVIDIA GPUs that CUDA_VISIBLE_DEVICES leaves visible."""
    numbers = [str(n) for n, _ in enumerate(DEVICES.glob("nvidia[0-9]*"))]  # CUDA counts from 0
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if allowed is None or not numbers:
        return numbers
    chosen = (n.strip() for n in allowed.split(","))
    return list(takewhile(lambda n: n and not n.startswith("-"), chosen))  # CUDA stops there too


@contextmanager
def device(kind: str, what: str) -> Iterator[str | None]:
    """Choose the device before torch is imported, and hold its lock.

    Args:
        kind: `cpu` hides the GPUs; `gpu` needs one; `auto` takes one where there is one.
        what: the stage, for messages.

    Yields:
        The GPU's number, or None on the CPU.

    Raises ColophonError where a GPU is needed and none is there.
    """
    gpus = visible_gpus() if kind != "cpu" else []
    if kind == "gpu" and not gpus:
        raise ColophonError(
            f"{what} needs a GPU, and this machine shows none",
            "Run it on a machine with one, or choose a profile that does without.",
        )
    if not gpus:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
        yield None
        return
    if os.environ.get("COLOPHON_ALLOCATED"):  # by Slurm, to this job alone; every job may call its GPU 0
        os.environ["CUDA_VISIBLE_DEVICES"] = gpus[0]
        yield gpus[0]
        return
    gpu, lock = take_one(gpus, what)
    os.environ["CUDA_VISIBLE_DEVICES"] = gpu
    try:
        yield gpu
    finally:
        lock.release()


def take_one(gpus: list[str], what: str) -> "tuple[str, FileLock]":
    from tempfile import gettempdir  # slow to import, and planning does without

    folder = Path(gettempdir())
    locks = {gpu: new_lock(folder / f"colophon-gpu-{gpu}.lock", mode=0o666) for gpu in gpus}
    for gpu, lock in locks.items():
        try:
            lock.acquire(timeout=0)
        except TimeoutError:
            continue
        return gpu, lock
    print(f"  {what}: every GPU is taken; waiting", flush=True)
    while True:
        for gpu, lock in locks.items():
            try:
                lock.acquire(timeout=POLL)
            except TimeoutError:
                continue
            return gpu, lock
