"""A real Alertmanager for tests: its own process, data directory and free loopback port.

Tests that need it skip where Debian's `prometheus-alertmanager` is missing.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from servers.prometheus import free_port

PROGRAM = "prometheus-alertmanager"
START_SECONDS = 30
STOP_SECONDS = 10

NO_RECEIVER = "route: {receiver: nobody, group_wait: 1s}\nreceivers: [{name: nobody}]\n"


@contextmanager
def serve(directory: Path, configuration: str = NO_RECEIVER, port: int | None = None) -> Iterator[str]:
    """The URL of an Alertmanager that is ready; it is stopped at the end of the block. Skips where not installed."""
    if shutil.which(PROGRAM) is None:
        pytest.skip(f"{PROGRAM} is not installed")
    directory.mkdir(parents=True, exist_ok=True)
    settings, log = directory / "alertmanager.yml", directory / "alertmanager.log"
    settings.write_text(configuration, encoding="utf-8")
    url = f"http://127.0.0.1:{port or free_port()}"
    command = [
        PROGRAM,
        f"--config.file={settings}",
        f"--storage.path={directory / 'data'}",
        f"--web.listen-address={url.removeprefix('http://')}",
        "--cluster.listen-address=",
    ]
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            _await_ready(url, process, log)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def alerts(url: str) -> list[dict[str, Any]]:
    """What the server holds, as its API gives it."""
    answer = requests.get(f"{url}/api/v2/alerts", timeout=5)
    answer.raise_for_status()
    found: list[dict[str, Any]] = answer.json()
    return found


def _await_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if requests.get(f"{url}/-/ready", timeout=1).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.05)
    raise RuntimeError(f"{PROGRAM} did not start:\n{log.read_text(errors='replace')[-2000:]}")
