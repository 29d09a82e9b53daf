"""Runs Make with fork servers beside it: processes that have loaded what the stages import.

Importing torch and what goes with it takes seconds, and many stages take no longer. A server imports once
what several stages of the plan share (`libraries.py`) and forks itself for each; such a fork goes on as if
it had been started by hand, with the arguments, folder, environment and output of the process in Make's
recipe (`report/fork_client.py`), which waits for it. There is a server for each number of threads, since
numpy and torch read that when they are loaded. A stage whose server is gone starts by itself. Modules of
the project are never loaded here.
"""

import contextlib
import importlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from report import FORKS, THREADS
from report.build.children import end_with_parent
from report.build.makefile import forks_variable, note_in
from report.build.provenance import versions
from report.errors import Forked

ENGINE = ("report.build.runner", "filelock")
REQUEST = 2**20  # bytes; Linux refuses longer messages of this kind
HELD = {signal.SIGINT, signal.SIGCHLD}  # which are not for a server that loads libraries


def run_make(plan_file: Path, words: list[str]) -> int:
    """Run Make's command `words` on `plan_file`, with servers for its stages; its exit status.

    Raises Forked in each fork of a server.
    """
    libraries = note_in(plan_file, "libraries") if sys.platform == "linux" else {}
    environment = {name: value for name, value in os.environ.items() if not name.startswith(FORKS)}
    sockets, servers = [], []
    for cpus, names in libraries.items():
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        flush()
        pid = os.fork()
        if not pid:
            for other in (theirs, *sockets):
                other.close()
            os.closerange(3, ours.fileno())  # Make's job server, which no stage is to hold
            os.closerange(ours.fileno() + 1, 1024)
            Server(ours, cpus, names).serve()
        servers.append(pid)
        ours.close()
        theirs.set_inheritable(True)
        environment[forks_variable(cpus)] = f"{theirs.fileno()}:{os.fstat(theirs.fileno()).st_ino}"
        sockets.append(theirs)
    running: list[subprocess.Popen[bytes]] = []
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda *_: None)  # Make gets it too
    signal.signal(signal.SIGTERM, lambda *_: [make.terminate() for make in running])
    running.append(subprocess.Popen(words, env=environment, close_fds=False))
    status = running[0].wait()
    for open_socket in sockets:
        open_socket.close()
    for pid in servers:  # each ends with the last of its stages, and at once if it still loads libraries
        if status:
            os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
    return status if status >= 0 else 128 - status


def flush() -> None:
    """Write out what is buffered, which a fork would write again."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


class Server:
    """One server, on the socket that the clients write to; ends when the last of them has closed it.

    Args:
        requests: the socket.
        cpus: the number of threads.
        libraries: the modules to import first; where one can't be, the stage says so itself.
    """

    def __init__(self, requests: socket.socket, cpus: str, libraries: list[str]) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
        self.requests, self.cpus = requests, cpus
        self.replies: dict[int, socket.socket] = {}  # to the client of each fork that runs
        self.selector = selectors.DefaultSelector()
        before = dict(os.environ)
        os.environ.update(dict.fromkeys(THREADS, cpus))
        for name in [*ENGINE, *libraries]:
            with contextlib.suppress(Exception):
                importlib.import_module(name)
        versions()  # read from many files, and kept
        self.set_by_libraries = {n: value for n, value in os.environ.items() if before.get(n) != value}
        flush()

    def serve(self) -> NoReturn:
        """Answer requests until the end. Raises Forked in each fork."""
        self.pipe = wakeup, written = os.pipe()
        os.set_blocking(written, False)
        signal.set_wakeup_fd(written, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        self.selector.register(self.requests, selectors.EVENT_READ, self.accept)
        self.selector.register(wakeup, selectors.EVENT_READ, lambda: self.reap(os.read(wakeup, 512)))
        while len(self.selector.get_map()) > 1:
            for key, _ in self.selector.select():
                key.data()
        os._exit(0)

    def accept(self) -> None:
        request, descriptors, _, _ = socket.recv_fds(self.requests, REQUEST, 4)
        if not request:
            self.selector.unregister(self.requests)
            return
        server, pid = os.getpid(), -1
        if len(descriptors) == 4:
            with contextlib.suppress(OSError):  # no memory: the client, told nothing, runs by itself
                pid = os.fork()
        if pid == -1:
            for descriptor in descriptors:
                os.close(descriptor)
            return
        reply = socket.socket(fileno=descriptors.pop())
        if not pid:
            reply.close()
            self.become(request, descriptors, server)
        for descriptor in descriptors:
            os.close(descriptor)
        self.replies[pid] = reply
        self.selector.register(reply, selectors.EVENT_READ, lambda: self.abandon(pid))
        with contextlib.suppress(OSError):  # it is gone, and the selector says so
            reply.send(str(pid).encode())

    def abandon(self, pid: int) -> None:
        """The client of the fork `pid` is gone."""
        if reply := self.replies.pop(pid, None):
            self.selector.unregister(reply)
            reply.close()
            os.kill(pid, signal.SIGTERM)

    def reap(self, _: bytes) -> None:
        """Tell the clients of the forks that have ended how they did."""
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if reply := self.replies.pop(ended[0], None):
                    self.selector.unregister(reply)
                    with reply, contextlib.suppress(OSError):
                        reply.send(str(os.waitstatus_to_exitcode(ended[1])).encode())

    def become(self, request: bytes, descriptors: list[int], server: int) -> NoReturn:
        """In a fork: take over what the client has, and leave the server's code."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self.selector.close()
        for descriptor in self.pipe:
            os.close(descriptor)
        for other in (self.requests, *self.replies.values()):
            other.close()
        for standard, descriptor in enumerate(descriptors):
            os.dup2(descriptor, standard)
            os.close(descriptor)
        sys.argv, folder, environment = json.loads(request)
        os.environ.clear()
        os.environ.update(self.set_by_libraries | environment | dict.fromkeys(THREADS, self.cpus))
        os.chdir(folder)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {*HELD, signal.SIGTERM})
        end_with_parent(server)
        raise Forked
