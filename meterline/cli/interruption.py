"""Ctrl-C while sources are being collected.

A source waits for its server on threads of its own, and Python would join them before it lets the process end: with a
server that hangs, minutes. So the process ends at once. That is safe by the warehouse's promise (a process that dies at
any moment leaves the state before or after, never between), and no child process is running then.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130
MESSAGE = "interrupted: what was stored before is complete and stays"
SHOW_CURSOR = "\x1b[?25h"
"""The progress bar hides it."""


@contextmanager
def ends_at_once() -> Iterator[None]:
    """Inside the block, Ctrl-C ends the process with 130 whatever its threads wait for."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end(number: int, frame: FrameType | None) -> None:
    terminal = os.isatty(sys.__stderr__.fileno()) if sys.__stderr__ else False
    os.write(2, f"{SHOW_CURSOR if terminal else ''}\n{MESSAGE}\n".encode())
    os._exit(INTERRUPTED)
