"""The side of a stage in Make's recipe: asks the fork server to run it, and ends as it ends.

Imported before anything else of the engine, since what it spares is the time of imports.
"""

import contextlib
import json
import os
import signal
import socket
import sys
from pathlib import Path

from report import FORKS

STANDARD = (0, 1, 2)  # descriptors of input, output and errors


def run_in_fork() -> None:
    """Run this command in a fork of the server that `COLOPHON_FORKS` names, and exit with its status.

    Returns where there is none, or no more: the command then runs here.
    """
    server = server_socket(os.environ.pop(FORKS, ""))
    if server is None or not all(map(is_open, STANDARD)):
        return
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    request = json.dumps([sys.argv, str(Path.cwd()), dict(os.environ)]).encode()
    with server, ours:
        try:
            with theirs:
                socket.send_fds(server, [request], [*STANDARD, theirs.fileno()])
            told = ours.recv(64)  # ended by Ctrl+C: the server then ends the fork that it has just made
        except OSError:  # the server is gone, or the environment is longer than a message may be
            return
        except KeyboardInterrupt:
            sys.exit(130)
        if told:
            sys.exit(follow(int(told), ours))


def server_socket(name: str) -> socket.socket | None:
    """The inherited socket called `name`; None where that descriptor is another file here, or none."""
    descriptor, _, inode = name.partition(":")
    try:
        if os.fstat(int(descriptor)).st_ino != int(inode):
            return None
        return socket.socket(fileno=int(descriptor))
    except (ValueError, OSError):
        return None


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def pass_on(pid: int) -> None:
    """Tell the fork to end, if it has not done so."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)


def follow(pid: int, ours: socket.socket) -> int:
    """Wait for the fork `pid`, which Ctrl+C reaches as it does us; its status. Ends by its signal."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: pass_on(pid))
    told = ours.recv(64)
    if not told:
        print(f"error: {' '.join(sys.argv[1:])}: the process that started it is gone", file=sys.stderr)
        return 1
    status = int(told)
    if status < 0:
        if -status not in (signal.SIGINT, signal.SIGTERM):
            from report.build.killed import note_end

            note_end(sys.argv[1:], -status)
        signal.signal(-status, signal.SIG_DFL) if -status not in (signal.SIGKILL, signal.SIGSTOP) else None
        os.kill(os.getpid(), -status)
    return status
