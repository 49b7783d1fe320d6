"""Starting the dashboards: the words, the environment, and a wait that ends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from dashboards.serve import ROOT, command, environment, wait_until_healthy
from warehouse.errors import Unreachable


def test_the_command_is_headless_local_and_tells_nobody() -> None:
    words = command(Path("data"), 8501)
    assert words[:4] == [sys.executable, "-m", "dashboards.launch", "run"]
    assert Path(words[4]).is_file()
    options = dict(zip(words[5::2], words[6::2], strict=True))
    assert options["--server.address"] == "127.0.0.1"
    assert options["--server.port"] == "8501"
    assert options["--server.headless"] == "true"
    assert options["--browser.gatherUsageStats"] == "false"
    assert options["--server.fileWatcherType"] == "none"


def test_the_environment_names_the_data_and_finds_our_packages(tmp_path: Path) -> None:
    found = environment(tmp_path, {"HOME": "/home/x", "PYTHONPATH": "/else"})
    assert found["METERLINE_DATA"] == str(tmp_path.resolve())
    assert found["PYTHONPATH"].split(os.pathsep) == [str(ROOT.parent), "/else"]
    assert found["HOME"] == "/home/x"


def test_waiting_for_nobody_ends_and_says_so() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # bound and never listening: every connection is refused
        with pytest.raises(Unreachable, match=r"did not answer within 0\.3 s"):
            wait_until_healthy(f"http://127.0.0.1:{reserved.getsockname()[1]}", 0.3)


def test_dashboards_end_when_the_process_that_started_them_is_killed(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = (
        "import subprocess, sys, pathlib; from dashboards import serve\n"
        "data, port = pathlib.Path(sys.argv[1]), int(sys.argv[2])\n"
        "child = subprocess.Popen(serve.command(data, port), env=serve.environment(data), stdout=subprocess.DEVNULL)\n"
        "print(child.pid, flush=True); child.wait()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path), str(port)], stdout=subprocess.PIPE, text=True, cwd=ROOT.parent
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        wait_until_healthy(f"http://127.0.0.1:{port}", 60)
        parent.kill()
        parent.wait()
        gone, alive = psutil.wait_procs([child], timeout=20)
    assert (gone, alive) == ([child], [])
