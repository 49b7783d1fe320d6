"""A tiny HTTP server that does what a test tells it, faults included, and keeps what it was asked.

A script is a list of steps, one a request; the last one is repeated. A step is a function of the handler; those below
make the usual ones.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as it arrived; `fields` are those of its form or query string, `headers` have lower-case names."""

    method: str
    path: str
    headers: dict[str, str]
    fields: dict[str, str]


Step = Callable[["Handler"], None]


@dataclass
class Scripted:
    """The server as the test sees it."""

    steps: list[Step]
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next_step(self, asked: Asked) -> Step:
        with self.lock:
            self.asked.append(asked)
            return self.steps[min(len(self.asked), len(self.steps)) - 1]


class Handler(BaseHTTPRequestHandler):
    """Hands each request to the next step; `asked` is the request at hand."""

    protocol_version = "HTTP/1.1"
    script: Scripted
    asked: Asked

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        fields = dict(parse_qsl(body or address.query))
        self.asked = Asked(self.command, address.path, headers, fields)
        try:
            self.script.next_step(self.asked)(self)
        except OSError:  # the client hung up
            self.close_connection = True

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def reply(body: str | bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Step:
    """A complete answer; JSON unless `headers` say otherwise."""
    data = body.encode() if isinstance(body, str) else body
    every = {"Content-Type": "application/json", "Content-Length": str(len(data)), **(headers or {})}

    def step(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in every.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)

    return step


def cut(body: bytes, missing: int) -> Step:
    """An answer that ends `missing` bytes before its Content-Length."""

    def step(handler: Handler) -> None:
        reply(body, headers={"Content-Length": str(len(body) + missing)})(handler)
        handler.close_connection = True

    return step


def hang(handler: Handler) -> None:
    """Accept the request and never answer."""
    handler.script.closing.wait()


def trickle(text: bytes, pause: float) -> Step:
    """Send `text`, status line and headers included, one byte every `pause` seconds."""

    def step(handler: Handler) -> None:
        for byte in text:
            handler.wfile.write(bytes([byte]))
            if handler.script.closing.wait(pause):
                return

    return step


def no_sleep(seconds: float) -> None:
    """For clients that pause between attempts."""


@contextmanager
def scripted(*steps: Step, tls: ssl.SSLContext | None = None) -> Iterator[Scripted]:
    """A running server that follows `steps`, over TLS where a context is given."""
    script = Scripted(list(steps))
    handler = type("ScriptedHandler", (Handler,), {"script": script})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    script.url = f"http{'s' if tls else ''}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield script
    finally:
        script.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
