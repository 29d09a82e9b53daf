"""Serves the page to browsers of this machine, and tells them when to load it again.

A browser hears of changes through server-sent events (html.spec.whatwg.org, section 9.2).
"""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from report.errors import ColophonError

CLIENT = (Path(__file__).parent / "client.html").read_text(encoding="utf-8")
WAITING = (
    '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Preview</title>'
    '<body style="color-scheme: light dark; font-family: sans-serif; margin: 2rem">'
    "<p>The page shows here as soon as it is built.</p></body></html>"
)
HOSTS = ("127.0.0.1", "localhost", "[::1]")  # others would be pages elsewhere whose name leads here
HOST = re.compile(r":[0-9]+$")  # a port behind it
HEARTBEAT = 10.0  # seconds; a browser that is gone is noticed at the next write


class State:
    """What browsers are told: how often the page was built, and what is wrong or under way."""

    def __init__(self, page: Path) -> None:
        self.page = page
        self.version = 0
        self.message: dict[str, str] = {"problem": "", "working": ""}
        self.changed = threading.Condition()

    def tell(self, problem: str = "", working: str = "", built: bool = False) -> None:
        with self.changed:
            self.version += built
            self.message = {"problem": problem, "working": working}
            self.changed.notify_all()

    def html(self) -> bytes:
        """The last good page, with the script that listens."""
        there = self.page.is_file()
        text = self.page.read_text(encoding="utf-8") if there else WAITING
        client = CLIENT.replace("@VERSION@", str(self.version))
        head, end, tail = text.rpartition("</body>")
        return f"{head}{client}{end}{tail}".encode()


class Handler(BaseHTTPRequestHandler):
    """`/` is the page, `/events` what happens to it."""

    state: State

    def do_GET(self) -> None:  # http.server calls it so
        address = urlsplit(self.path)
        if HOST.sub("", self.headers.get("Host", "")) not in HOSTS:
            self.answer(403, "text/plain; charset=utf-8", b"The preview is for this machine alone\n")
        elif address.path == "/":
            self.answer(200, "text/html; charset=utf-8", self.state.html())
        elif address.path == "/events":
            self.follow(parse_qs(address.query).get("seen", [""])[0])
        elif address.path == "/favicon.ico":
            self.answer(204, "image/x-icon", b"")
        else:
            self.answer(404, "text/plain; charset=utf-8", b"The preview has one page, /\n")

    def answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def follow(self, seen: str) -> None:
        """Tell of every change until the browser goes away, or has a newer page to load."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        told: Any = None
        try:
            while True:
                with self.state.changed:
                    now = (self.state.version, self.state.message)
                    if now == told:
                        self.state.changed.wait(HEARTBEAT)
                        now = (self.state.version, self.state.message)
                if now == told:
                    self.wfile.write(b": still here\n\n")
                else:
                    news = {"reload": str(now[0]) != seen} | now[1]
                    self.wfile.write(f"data: {json.dumps(news)}\n\n".encode())
                self.wfile.flush()
                told = now
        except (BrokenPipeError, ConnectionResetError):
            return

    def log_message(self, format: str, *args: object) -> None:
        """The terminal is for the build."""


def serve(state: State, port: str) -> ThreadingHTTPServer:
    """Start serving on this machine alone, on `port` (0: any that is free). Raises ColophonError."""
    if not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ColophonError(f"PORT={port}: no port", "A number from 0 (any that is free) to 65535.")
    handler = type("Handler", (Handler,), {"state": state})
    try:
        server = ThreadingHTTPServer(("127.0.0.1", int(port)), handler)
    except OSError as error:
        raise ColophonError(
            f"PORT={port}: {error.strerror}", "Name another, or 0 for any: make preview PORT=0"
        ) from None
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
