"""A deadline that a slow server cannot stretch.

The timeouts of requests are per read of the socket: a server that sends one byte a second never runs into them, neither
while it sends headers nor in the body. Here a timer shuts the socket down when the time of the call is over, which ends
whatever read is waiting on it. Name resolution is the one thing that is left to the system's own timeout.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Retry
from urllib3.connection import HTTPConnection, HTTPSConnection


class Deadline:
    """The time by which one call, with all its attempts, is over. `clock` gives monotonic seconds."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._over = False

    def remaining(self) -> float:
        """Seconds left; 0 when the deadline has passed."""
        return 0.0 if self._over else max(self._end - self._clock(), 0.0)

    @contextmanager
    def enforced(self) -> Iterator[None]:
        """Requests that this thread sends inside the block lose their socket when the deadline passes."""
        timer = threading.Timer(self.remaining(), self._end_now)
        timer.daemon = True
        timer.start()
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)
            timer.cancel()
            with self._lock:
                self._sockets.clear()

    def watch(self, used: socket.socket) -> None:
        """Shut `used` when the deadline passes, at once if it has."""
        with self._lock:
            self._sockets.append(used)
        if self._over:
            self._end_now()

    def _end_now(self) -> None:
        self._over = True
        with self._lock:
            for used in self._sockets:
                with suppress(OSError):  # already closed
                    used.shutdown(socket.SHUT_RDWR)


_current: ContextVar[Deadline | None] = ContextVar("_current", default=None)


def _watch(connection: HTTPConnection) -> None:
    deadline = _current.get()
    if deadline is not None and connection.sock is not None:
        deadline.watch(connection.sock)


class _Connection(HTTPConnection):
    def request(self, *arguments: Any, **keywords: Any) -> None:
        super().request(*arguments, **keywords)
        _watch(self)


class _SecureConnection(HTTPSConnection):
    def request(self, *arguments: Any, **keywords: Any) -> None:
        super().request(*arguments, **keywords)
        _watch(self)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class DeadlineAdapter(HTTPAdapter):
    """The adapter whose connections `Deadline.enforced` can end. It never retries by itself."""

    def __init__(self) -> None:
        super().__init__(max_retries=Retry(0, read=False))

    def init_poolmanager(self, *arguments: Any, **keywords: Any) -> None:
        super().init_poolmanager(*arguments, **keywords)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def proxy_manager_for(self, *arguments: Any, **keywords: Any) -> Any:
        manager = super().proxy_manager_for(*arguments, **keywords)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
        return manager
