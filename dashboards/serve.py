"""Streamlit as a process of its own: the words to start it with, and when it answers.

`command` and `environment` are pure; whoever starts, watches and stops the process is the caller. Headless, without
usage statistics, without file watcher, and reachable only at the given address (loopback by default).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
from tenacity import RetryError, retry, retry_if_exception_type, retry_if_result, stop_after_delay, wait_fixed

from dashboards.launch import PARENT_VARIABLE
from warehouse.errors import Unreachable

ROOT = Path(__file__).resolve().parent
HEALTH = "/_stcore/health"
DATA_VARIABLE = "METERLINE_DATA"


def command(data: Path, port: int, address: str = "127.0.0.1") -> list[str]:
    """The words that start the dashboards over the results in `data` on `address`:`port`.

    Run them with `environment(data)`: the data directory travels there, as Streamlit has no words of its own for it.
    """
    flags = {
        "server.port": str(port), "server.address": address, "server.headless": "true",
        "server.fileWatcherType": "none", "server.runOnSave": "false", "browser.gatherUsageStats": "false",
        "browser.serverAddress": address, "runner.magicEnabled": "false", "client.toolbarMode": "minimal",
        "logger.level": "warning",
    }  # fmt: skip
    options = [word for name, value in flags.items() for word in (f"--{name}", value)]
    return [sys.executable, "-m", "dashboards.launch", "run", str(ROOT / "app.py"), *options]


def environment(data: Path, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of that process: `base` (default: ours) with the data directory and where our packages are.

    The process ends when this one does, however this one ends.
    """
    inherited = dict(os.environ if base is None else base)
    paths = [str(ROOT.parent), *filter(None, [inherited.get("PYTHONPATH")])]
    ours = {DATA_VARIABLE: str(data.resolve()), PARENT_VARIABLE: str(os.getpid()), "PYTHONPATH": os.pathsep.join(paths)}
    return inherited | ours


def wait_until_healthy(url: str, deadline: float) -> float:
    """Return, in seconds, how long it took until the dashboards at `url` answered; `deadline` is in seconds from now.

    Raises Unreachable when they did not answer in time.
    """
    began = time.monotonic()
    poll = retry(
        stop=stop_after_delay(deadline), wait=wait_fixed(0.1),
        retry=retry_if_exception_type(httpx.HTTPError) | retry_if_result(lambda healthy: not healthy),
    )  # fmt: skip
    try:
        with httpx.Client(timeout=2, trust_env=False) as client:
            poll(lambda: client.get(url.rstrip("/") + HEALTH).is_success)()
    except RetryError as error:
        raise Unreachable(
            f"the dashboards at {url} did not answer within {deadline:g} s",
            "look at their output; the port may be taken by another program",
        ) from error
    return time.monotonic() - began
