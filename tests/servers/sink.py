"""A receiver of notifications that records every request and misbehaves as it is told.

In a test: `with Sink() as sink`, then `sink.url`, `sink.received`, `sink.behave(...)`. As a process, for harnesses that
kill the sender: `python -m servers.sink --port 0 --file received.jsonl`, with tests/ on the path, prints its address
and writes each request as one line of JSON, on the disk before it is answered; a second start on the same file goes on
where the first stopped.

Paths that end in `/v2/enqueue` are PagerDuty's: events are judged and make incidents. `GET /-/state` gives what was
received and the incidents, `POST /-/behave` takes a list of behaviours as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from servers.incidents import Incidents

BODY_LIMIT = 512 << 10
EVENTS = "/v2/enqueue"


@dataclass(frozen=True)
class Behaviour:
    """What happens to a request.

    `answer` with `status`, `headers` and `body`; `hang` without an answer; `drip` an answer, a byte each `pause`; `cut`
    the connection after the request was taken. For `times` requests, None for all.
    """

    kind: Literal["answer", "hang", "drip", "cut"] = "answer"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str = "ok"
    pause: float = 0.05
    times: int | None = None
    path: str = ""
    """Only requests whose path begins so; others are answered 200."""


@dataclass(frozen=True)
class Received:
    """One request. `at` is in seconds of this machine's monotonic clock, `answered` None for none."""

    at: float
    path: str
    headers: dict[str, str]
    body: Any
    answered: int | None


class Sink:
    """The server as a test sees it."""

    def __init__(self, port: int = 0, file: Path | None = None) -> None:
        self.received: list[Received] = []
        self.incidents = Incidents()
        self._behaviours: list[Behaviour] = []
        self._left: list[int | None] = []
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._file = file
        self._port = port
        self.closing = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        if file is not None and file.exists():
            for line in file.read_text().splitlines():
                self._take(Received(**json.loads(line)))
        self.open()

    @property
    def url(self) -> str:
        """The address, without a path."""
        return f"http://127.0.0.1:{self._port}"

    def behave(self, *behaviours: Behaviour) -> None:
        """From now on; each for its `times`, then the next; after the last of them 200."""
        with self._lock:
            self._behaviours = list(behaviours)
            self._left = [one.times for one in behaviours]

    def bodies(self, path: str = "") -> list[Any]:
        """The JSON of the requests whose path begins with `path`."""
        with self._lock:
            return [one.body for one in self.received if one.path.startswith(path)]

    def wait(self, count: int, seconds: float = 10.0, path: str = "") -> list[Received]:
        """The requests once there are `count` of them. Raises AssertionError when that takes longer."""
        end = time.monotonic() + seconds
        with self._changed:
            while True:
                found = [one for one in self.received if one.path.startswith(path)]
                if len(found) >= count:
                    return found
                left = end - time.monotonic()
                assert left > 0, f"{len(found)} requests instead of {count} within {seconds} s"
                self._changed.wait(left)

    def open(self) -> None:
        """Listen (again, on the same port)."""
        handler = type("SinkHandler", (_Handler,), {"sink": self})
        self.closing.clear()
        self._server = _Server(("127.0.0.1", self._port), handler)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        """Refuse connections from now on."""
        if self._server is not None:
            self.closing.set()
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def state(self) -> dict[str, Any]:
        """Everything, as JSON."""
        with self._lock:
            return {
                "received": [asdict(one) for one in self.received],
                "incidents": {key: asdict(one) for key, one in self.incidents.by_key.items()},
            }

    def behaviour(self, path: str) -> Behaviour:
        """What is to happen to the request at hand."""
        with self._lock:
            for place, one in enumerate(self._behaviours):
                if not path.startswith(one.path):
                    continue
                left = self._left[place]
                if left is None or left > 0:
                    self._left[place] = None if left is None else left - 1
                    return one
        return Behaviour()

    def record(self, one: Received) -> tuple[int, str] | None:
        """Keep a request, on the disk if there is a file; PagerDuty's answer if it is an event that is answered 2xx."""
        with self._changed:
            if self._file is not None:
                with self._file.open("a") as file:
                    file.write(json.dumps(asdict(one)) + "\n")
                    file.flush()
                    os.fsync(file.fileno())
            answer = self._take(one)
            self._changed.notify_all()
            return answer

    def _take(self, one: Received) -> tuple[int, str] | None:
        self.received.append(one)
        taken = one.answered is None or 200 <= one.answered < 300
        if not one.path.endswith(EVENTS) or not taken:
            return None
        status, answer = self.incidents.take(one.body if isinstance(one.body, dict) else {})
        return status, json.dumps(answer)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A sender that was killed is no news."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    sink: Sink

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        raw = self.rfile.read(length)
        if len(raw) < length:  # the sender died in the middle: no receiver would take that
            self.close_connection = True
            return None
        text = raw.decode()
        if self.path == "/-/behave":
            self.sink.behave(*[Behaviour(**one) for one in json.loads(text)])
            return self._reply(200, {}, "{}")
        how = self.sink.behaviour(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        status = how.status if how.kind in ("answer", "drip") else None
        one = Received(time.monotonic(), self.path, headers, _json(text), status)
        try:
            answer = self.sink.record(one)
            if how.kind == "hang":
                self.sink.closing.wait()
            if how.kind in ("hang", "cut"):
                self.close_connection = True
                return None
            if self.path.endswith(EVENTS) and len(text) > BODY_LIMIT:
                return self._reply(413, {}, "too large")
            status, body = answer or (how.status, how.body)
            if how.kind == "drip":
                return self._drip(status, body, how.pause)
            return self._reply(status, how.headers, body)
        except OSError:  # the sender hung up
            self.close_connection = True

    def do_GET(self) -> None:
        self._reply(200, {}, json.dumps(self.sink.state()) if self.path == "/-/state" else "ok")

    def _drip(self, status: int, body: str, pause: float) -> None:
        for byte in f"HTTP/1.1 {status} Slow\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode():
            self.wfile.write(bytes([byte]))
            if self.sink.closing.wait(pause):
                break
        self.close_connection = True

    def _reply(self, status: int, headers: dict[str, str], body: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body.encode())), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def main(arguments: Sequence[str] | None = None) -> None:
    """Run until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--file", type=Path)
    given = parser.parse_args(arguments)
    print(Sink(given.port, given.file).url, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
