"""A Prometheus whose every counter of every range is known: it rises by 1 every 30 s, for ever.

So the increase of each full 5-minute bucket is exactly 10, whatever windows a collector asks for.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

RANGE = re.compile(r"^(?P<metric>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{.*\})?\[(?P<ms>\d+)ms\]$")
STEP = 30
PER_BUCKET = 300 // STEP


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    metrics: frozenset[str] = frozenset()

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        asked = RANGE.match(form["query"][0])
        if not asked:
            self.send_error(400)
            return
        result = []
        if asked["metric"] in self.metrics:
            end = float(form["time"][0])
            first = -int(-(end - int(asked["ms"]) / 1000) // STEP) * STEP
            values = [[moment, str(moment // STEP)] for moment in range(first, int(end) + 1, STEP)]
            labels = {"namespace": "n", "pod": "p", "model_name": "m", "finished_reason": "stop"}
            result = [{"metric": {"__name__": asked["metric"], **labels}, "values": values}] if values else []
        body = {"status": "success", "data": {"resultType": "matrix", "result": result}}
        data = json.dumps(body, separators=(",", ":")).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that is killed hangs up: no news."""


@contextmanager
def serve(*metrics: str) -> Iterator[str]:
    """The URL of a server that knows these counters."""
    handler = type("Steady", (Handler,), {"metrics": frozenset(metrics)})
    with Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
