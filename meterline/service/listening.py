"""Ports and the HTTP API's server thread.

A port is taken before anything else starts, so that a taken one is a configuration error and not a log line later.
"""

from __future__ import annotations

import socket
import threading
from contextlib import closing

import uvicorn
from starlette.applications import Starlette

from warehouse.errors import ConfigurationError


def bind(address: str, port: int, key: str) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises ConfigurationError, naming the configuration `key`."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigurationError(
            f"{key}: cannot listen on {address}:{port} ({reason})", f"set `{key}` to another port, 0 takes a free one"
        ) from error


def free_port(address: str, port: int, key: str) -> int:
    """`port` when it can be listened on, for a process that opens it itself; with port 0, one that is free now."""
    with closing(bind(address, port, key)) as listening:
        return int(listening.getsockname()[1])


class ApiServer:
    """The API on its own thread; uvicorn leaves signals alone there."""

    def __init__(self, app: Starlette, listening: socket.socket) -> None:
        host, port = listening.getsockname()[:2]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=2)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listening],), name="api", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, deadline: float = 3.0) -> None:
        self._server.should_exit = True
        self._thread.join(deadline)
