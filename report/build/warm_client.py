"""Asks the build that runs Make to run a command of the engine: what a rule calls.

    python -IS warm_client.py run --alone …

Only the standard library, and little of it: it is started once a stage. Where no build listens, the command
runs in a Python of its own.
"""

import json
import os
import signal
import socket
import sys

VARIABLE = "COLOPHON_WARM"  # the number of the open file that leads to the build


def main() -> None:
    try:
        asked = ask(int(os.environ[VARIABLE]))
    except (KeyError, ValueError, OSError):
        os.environ.pop(VARIABLE, None)
        os.execv(sys.executable, [sys.executable, "-m", "report", *sys.argv[1:]])
    # From the terminal the stage gets this signal itself, and ends; its status is waited for.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: asked.send(b"T"))
    told = asked.recv(16)
    if not told:
        sys.exit("error: the build that ran this stage is gone")
    sys.exit(int(told))


def ask(number: int) -> socket.socket:
    """Hand our standard files and the command to the build; the socket that will tell the status."""
    door = socket.socket(fileno=os.dup(number))
    ours, theirs = socket.socketpair()
    socket.send_fds(door, [b"run"], [theirs.fileno(), 0, 1, 2])
    theirs.close()
    request = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()  # noqa: PTH109  # pathlib is slow to import
    ours.sendall(len(request).to_bytes(8, "big") + request)
    return ours


if __name__ == "__main__":
    main()
