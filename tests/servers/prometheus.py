"""A real Prometheus for tests: its own process, data directory and free loopback port, loaded through promtool.

Tests that need it skip where the `prometheus` and `promtool` programs (Debian's `prometheus` package) are missing.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

START_SECONDS = 60
STOP_SECONDS = 20

NO_TARGETS = "global: {}\n"


def free_port() -> int:
    """A loopback port that nothing listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def installed() -> bool:
    """Whether both programs are on the PATH."""
    return all(shutil.which(program) for program in ("prometheus", "promtool"))


def load(openmetrics: Path, data: Path) -> None:
    """Write the samples of an OpenMetrics file as blocks into the data directory `data`."""
    command = ["promtool", "tsdb", "create-blocks-from", "--max-block-duration=24h", "openmetrics"]
    subprocess.run([*command, str(openmetrics), str(data)], check=True, capture_output=True, timeout=600)


@contextmanager
def serve(data: Path, *flags: str, configuration: str = NO_TARGETS) -> Iterator[str]:
    """The URL of a Prometheus over `data`, ready to answer; it is stopped at the end of the block."""
    data.mkdir(parents=True, exist_ok=True)
    settings, log = data / "prometheus.yml", data / "prometheus.log"
    settings.write_text(configuration, encoding="utf-8")
    url = f"http://127.0.0.1:{free_port()}"
    command = [
        "prometheus",
        f"--config.file={settings}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address={url.removeprefix('http://')}",
        *flags,
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


@contextmanager
def loaded(openmetrics: str, directory: Path, *flags: str) -> Iterator[str]:
    """The URL of a Prometheus that holds the samples of an OpenMetrics text. Skips where it is not installed."""
    if not installed():
        pytest.skip("prometheus and promtool are not installed")
    directory.mkdir(parents=True, exist_ok=True)
    text = directory / "samples.openmetrics"
    text.write_text(openmetrics, encoding="utf-8")
    load(text, directory / "data")
    with serve(directory / "data", *flags) as url:
        yield url


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
    raise RuntimeError(f"prometheus did not start:\n{log.read_text(errors='replace')[-2000:]}")
