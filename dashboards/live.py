"""The log of alerts as it is now, beside the published results: read for every run of its page, written by its buttons.

One log is open for each data directory, and few threads of our own ask it: Streamlit runs scripts in ever new threads,
and the log keeps a connection for each thread that reads. Everything here may raise WarehouseError.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import streamlit as st

from dashboards.reading import data_directory
from warehouse.alert_log.log import AlertLog

Answer = TypeVar("Answer")
READERS = 2


class Live:
    """An open log and the threads that ask it."""

    def __init__(self, directory: Path) -> None:
        self._log = AlertLog(directory)
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="alert-log")

    def ask(self, question: Callable[[AlertLog], Answer]) -> Answer:
        """What `question` makes of the log."""
        return self._threads.submit(question, self._log).result()

    def close(self) -> None:
        """Let threads and connections go."""
        self._threads.shutdown()
        self._log.close()


def begun() -> bool:
    """Whether there is a log: one is begun by the first start of the service with alerts."""
    return AlertLog.exists(data_directory())


def ask(question: Callable[[AlertLog], Answer]) -> Answer:
    """What `question` makes of the log of our data directory, which must have been begun."""
    return _live(str(data_directory())).ask(question)


@st.cache_resource(max_entries=2, show_spinner=False, on_release=lambda live: live.close())
def _live(directory: str) -> Live:
    return Live(Path(directory))
