"""Runs Make, and the stages that its rules ask for as forks of one process that has imported the engine.

Starting Python and importing the engine and numpy takes longer than a small stage. The process that
forks runs no stage, imports no script of the project and no torch, so that a fork is what a Python of its
own would be: nothing of one stage reaches another. It lives as long as Make does.
"""

import contextlib
import json
import os
import selectors
import signal
import socket
import sys
from dataclasses import dataclass, field

from report.build.warm_client import VARIABLE

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
WARM = dict.fromkeys(THREADS, "1")  # as numpy is loaded here; a row with more CPUs starts a Python


def in_fork() -> int | None:
    """Fork; None in the new process, its exit status in this one."""
    flush()
    if (pid := os.fork()) == 0:
        return None
    with_signals(pid)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def with_signals(pid: int) -> None:
    """Leave Ctrl-C to the process `pid`, which has it from the terminal too, and pass SIGTERM on."""
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(pid, signal.SIGTERM))


def run_make(words: list[str]) -> int | None:
    """Run Make and what its rules ask for.

    Returns:
        Make's exit status; or None in a new process that is to run the command in `sys.argv`.
    """
    os.environ.update(WARM)
    import report.build.runner  # noqa: F401  # with numpy, for all forks

    server = Server()
    server.start(words)
    return server.serve()


@dataclass
class Server:
    """Forks a process for each request, and tells its status when it ends.

    Attributes:
        running: the socket to whom asked, by process.
    """

    running: dict[int, socket.socket] = field(default_factory=dict)
    make: int = 0
    status: int | None = None

    def __post_init__(self) -> None:
        self.door, self.outside = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.bell, self.ring = os.pipe()  # rung by the end of a process
        for end in (self.bell, self.ring):
            os.set_blocking(end, False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.door, selectors.EVENT_READ)
        self.selector.register(self.bell, selectors.EVENT_READ)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.ring, warn_on_full_buffer=False)

    def start(self, words: list[str]) -> None:
        flush()
        os.set_inheritable(self.outside.fileno(), True)
        environment = os.environ | {VARIABLE: str(self.outside.fileno())}
        for name in THREADS:
            del environment[name]
        ignored = [signal.SIGPIPE, signal.SIGXFSZ]  # by Python, and Make would pass it on
        self.make = os.posix_spawnp(words[0], words, environment, setsigdef=ignored)
        self.outside.close()
        with_signals(self.make)

    def serve(self) -> int | None:
        while self.status is None or self.running:
            for key, _ in self.selector.select():
                if key.fileobj is self.door:
                    if self.accept():
                        return None
                elif key.fileobj == self.bell:
                    os.read(self.bell, 4096)
                    self.reap()
                else:
                    self.interrupt(key.fileobj, key.data)  # type: ignore[arg-type]  # a socket
        return self.status

    def accept(self) -> bool:
        """Fork a process for a request; True in that process."""
        _, files, _, _ = socket.recv_fds(self.door, 16, 4)
        asking = socket.socket(fileno=files[0])
        with asking.makefile("rb") as stream:
            request = stream.read(int.from_bytes(stream.read(8), "big"))
        flush()
        if (pid := os.fork()) == 0:
            self.leave()
            asking.close()
            become(json.loads(request), files[1:])
            return True
        for number in files[1:]:
            os.close(number)
        self.running[pid] = asking
        self.selector.register(asking, selectors.EVENT_READ, pid)
        return False

    def leave(self) -> None:
        """In a new process: let go of what belongs to this one."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self.selector.close()
        for each in (self.door, *self.running.values()):
            each.close()
        os.close(self.bell)
        os.close(self.ring)

    def interrupt(self, asking: socket.socket, pid: int) -> None:
        """Whoever asked was told to end, or is gone: so the process that runs for it is to end."""
        self.selector.unregister(asking)
        os.kill(pid, signal.SIGTERM)

    def reap(self) -> None:
        """Tell those that asked what became of the processes that have ended."""
        while self.running or self.status is None:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            code = os.waitstatus_to_exitcode(status)
            if pid == self.make:
                self.status = code if code >= 0 else 128 - code
            elif asking := self.running.pop(pid, None):
                if asking in self.selector.get_map():
                    self.selector.unregister(asking)
                with contextlib.suppress(OSError):  # it did not wait
                    asking.sendall(str(code if code >= 0 else 128 - code).encode())
                asking.close()


def become(request: tuple[list[str], str, dict[str, str]], files: list[int]) -> None:
    """Take over the command, folder, variables and standard files of whoever asks."""
    words, folder, environment = request
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(folder)
    hash_seed = {k: v for k, v in os.environ.items() if k == "PYTHONHASHSEED"}  # that this process has
    for name in (VARIABLE, "PYTHONHASHSEED"):
        environment.pop(name, None)
    os.environ.clear()
    os.environ.update(environment | hash_seed | WARM)
    sys.stdin = sys.__stdin__ = open(0, closefd=False)  # noqa: SIM115  # ends with the process
    sys.stdout = sys.__stdout__ = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.__stderr__ = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.argv = ["report", *words]


def flush() -> None:
    """Before a fork, so that no text is written twice."""
    sys.stdout.flush()
    sys.stderr.flush()
