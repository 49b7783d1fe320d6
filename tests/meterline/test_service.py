"""`meterline run` as a real process: it answers, survives its sources, and stops without a trace."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from meterline.service.dashboards import DashboardProcess
from meterline.service.listening import bind, free_port
from servers.scripted import hang, reply, scripted
from warehouse.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0
STOP_SECONDS = 10.0
NOTHING = b'{"status":"success","data":{"resultType":"matrix","result":[]}}'


def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        time.sleep(0.02)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


@contextmanager
def running(config: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """The service and the addresses that it printed."""
    command = [sys.executable, "-m", "meterline", *(words or ("run", "--config", str(config)))]
    log = (config.parent / "service.log").open("w")
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        addresses = dict(process.stdout.readline().split() for _ in range(2))
        yield process, addresses
    finally:
        for child in psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []:
            child.kill()
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
        log.close()


def source(name: str, url: str) -> str:
    return f"  - {{name: {name}, type: prometheus, url: '{url}', profiles: [dcgm], backfill: 1h, deadline: 60}}\n"


def test_it_runs_and_stops_cleanly(tmp_path: Path) -> None:
    path = tmp_path / "meterline.yaml"
    with scripted(reply(NOTHING)) as good, scripted(hang) as hanging:
        sources = source("good", good.url) + source("gone", "http://127.0.0.1:9") + source("hangs", hanging.url)
        path.write_text(f"data: data\nlisten: {{api: 0, dashboards: 0}}\nsources:\n{sources}")
        with running(path) as (process, addresses):
            api = addresses["API"]
            until(lambda: answers(f"{api}/readyz"), START_SECONDS, "a first published version")
            until(lambda: answers(f"{addresses['dashboards']}/_stcore/health"), START_SECONDS, "dashboards")

            def states() -> dict[str, str]:
                rows = httpx.get(f"{api}/api/v1/sources", trust_env=False).json()
                return {row["source"]: row["status"] for row in rows}

            # the source that hangs holds up neither the others nor the publishing
            until(lambda: states().get("good") == "ok", START_SECONDS, "the good source's status")
            log = tmp_path / "service.log"
            until(lambda: "source gone failed, 1 in a row" in log.read_text(), START_SECONDS, "a failure in the log")
            children = psutil.Process(process.pid).children(recursive=True)
            assert children
            busy = subprocess.run(
                [sys.executable, "-m", "meterline", "collect", "--config", str(path)],
                cwd=ROOT, capture_output=True, text=True,
            )  # fmt: skip
            assert busy.returncode == 4
            assert f"pid {process.pid}" in busy.stderr

            began = time.monotonic()
            process.terminate()
            assert process.wait(STOP_SECONDS) == 0
            assert time.monotonic() - began < STOP_SECONDS
            until(lambda: not any(map(alive, children)), 1, "the end of every child")
    assert "Traceback" not in log.read_text()
    assert "next run" in log.read_text()


def alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_dashboards_that_die_are_started_again(tmp_path: Path) -> None:
    dashboards = DashboardProcess(tmp_path, "127.0.0.1", free_port("127.0.0.1", 0, "listen.dashboards"))
    dashboards._command = [sys.executable, "-c", "import time; time.sleep(600)"]
    dashboards.start()
    try:
        first = dashboards.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)

        def again() -> bool:
            dashboards.watch()
            return dashboards.pid != first

        until(again, 20, "another start")
    finally:
        second = dashboards.pid
        dashboards.stop()
    assert second is not None
    assert not psutil.pid_exists(second)


def test_dashboards_that_do_not_listen_to_a_stop_are_killed(tmp_path: Path) -> None:
    dashboards = DashboardProcess(tmp_path, "127.0.0.1", free_port("127.0.0.1", 0, "listen.dashboards"))
    ready = tmp_path / "ready"
    stubborn = f"import pathlib, signal, time; signal.signal(15, signal.SIG_IGN); pathlib.Path({str(ready)!r}).touch()"
    dashboards._command = [sys.executable, "-c", f"{stubborn}; time.sleep(600)"]
    dashboards.start()
    pid = dashboards.pid
    assert pid is not None
    until(ready.exists, 20, "the child's start")
    dashboards.stop(deadline=0.1)
    assert not psutil.pid_exists(pid)


def test_a_taken_port_is_a_configuration_error(cli, write_config) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for key in ("api", "dashboards"):
            other = "dashboards" if key == "api" else "api"
            path = write_config(f"data: data\nlisten: {{{key}: {port}, {other}: 0}}\n")
            ran = cli("run", "--config", path)
            assert ran.code == 2
            assert ran.err.startswith(f"error: listen.{key}: cannot listen on 127.0.0.1:{port} (Address already in use")
        with pytest.raises(ConfigurationError):
            bind("127.0.0.1", port, "listen.api")


def test_without_any_source_it_still_publishes_and_ctrl_c_stops_it(tmp_path: Path) -> None:
    """So that pages can say what to configure."""
    path = tmp_path / "meterline.yaml"
    path.write_text("data: data\nlisten: {api: 0, dashboards: 0}\n")
    with running(path) as (process, addresses):
        until(lambda: answers(f"{addresses['API']}/readyz"), START_SECONDS, "a first published version")
        kpis = httpx.get(f"{addresses['API']}/api/v1/kpis", trust_env=False)
        assert kpis.status_code == 200
        assert all(row["value"] is None for row in json.loads(kpis.text))
        process.send_signal(signal.SIGINT)
        assert process.wait(STOP_SECONDS) == 0
