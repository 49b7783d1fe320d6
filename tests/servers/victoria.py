"""A real VictoriaMetrics for tests: its own process, data directory and free loopback port, loaded over its import API.

Tests that need it skip where Debian's `victoria-metrics` is not installed.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from servers.prometheus import free_port


def import_format(openmetrics: str) -> str:
    """OpenMetrics text with times in milliseconds and without its comments, as the import API takes it."""
    lines = []
    for line in openmetrics.splitlines():
        if line and not line.startswith("#"):
            series, value, seconds = line.rsplit(" ", 2)
            lines.append(f"{series} {value} {round(float(seconds) * 1000)}")
    return "\n".join(lines)


@contextmanager
def loaded(openmetrics: str, directory: Path) -> Iterator[str]:
    """The URL of a VictoriaMetrics that holds the samples of an OpenMetrics text. Skips where it is not installed."""
    if not shutil.which("victoria-metrics"):
        pytest.skip("victoria-metrics is not installed")
    url = f"http://127.0.0.1:{free_port()}"
    command = [
        "victoria-metrics", f"-storageDataPath={directory}", f"-httpListenAddr={url.removeprefix('http://')}",
        "-retentionPeriod=100y", "-search.latencyOffset=0s",
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _until(lambda: requests.get(f"{url}/health", timeout=1).ok)
            done = requests.post(f"{url}/api/v1/import/prometheus", import_format(openmetrics).encode(), timeout=60)
            done.raise_for_status()
            requests.get(f"{url}/internal/force_flush", timeout=10)  # what was imported becomes searchable now
            yield url
        finally:
            process.terminate()
            process.wait(20)


def _until(answers: object, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            if answers():  # type: ignore[operator]
                return
        except requests.ConnectionError:
            pass
        if time.monotonic() > deadline:
            raise TimeoutError("the server did not become ready")
        time.sleep(0.05)
