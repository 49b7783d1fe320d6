"""Two receivers in one HTTP server: a plain webhook and one with PagerDuty's rules. It can kill whom it serves."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Hook:
    """`plain` holds (body, answered status, `period` then); `opened` how often an incident was opened by dedup key.

    `on_plain` is asked before a plain request is answered: it may kill the sender, or return another status than 200.
    """

    period: int = 0
    plain: list[tuple[dict[str, Any], int, int]] = field(default_factory=list)
    opened: Counter[str] = field(default_factory=Counter)
    triggered: set[str] = field(default_factory=set)
    on_plain: Callable[[], int] = lambda: 200
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""

    def take_plain(self, body: dict[str, Any]) -> int:
        status = self.on_plain()
        with self.lock:
            self.plain.append((body, status, self.period))
        return status

    def take_event(self, body: dict[str, Any]) -> int:
        key = body["dedup_key"]
        with self.lock:
            if body["event_action"] == "trigger" and key not in self.triggered:
                self.triggered.add(key)
                self.opened[key] += 1
            elif body["event_action"] == "resolve":
                self.triggered.discard(key)
        return 202


@contextmanager
def hook() -> Iterator[Hook]:
    """A server on a free port of loopback."""
    state = Hook()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = state.take_plain(body) if self.path == "/plain" else state.take_event(body)
            answer = b'{"status":"success","dedup_key":"k"}'
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
            except OSError:  # the sender was killed
                self.close_connection = True

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except ConnectionError:  # so was one that kept its connection
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
