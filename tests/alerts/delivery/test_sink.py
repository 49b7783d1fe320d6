"""The sink as a process: harnesses that kill senders count on what it wrote, and on incidents after its own restart."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from servers.sink import EVENTS

TESTS = Path(__file__).parents[2]
EVENT = {
    "routing_key": "R",
    "event_action": "trigger",
    "dedup_key": "k",
    "payload": {"summary": "s", "source": "x", "severity": "critical"},
}


@contextmanager
def process(file: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "servers.sink", "--file", str(file)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(TESTS)}
    ) as sink:
        assert sink.stdout is not None
        try:
            yield sink.stdout.readline().strip()
        finally:
            sink.kill()


def test_what_was_answered_survives_a_kill_of_the_sink(tmp_path: Path) -> None:
    with process(tmp_path / "received.jsonl") as url:
        assert requests.post(url + EVENTS, json=EVENT, timeout=5).status_code == 202
        requests.post(f"{url}/-/behave", json=[{"status": 503, "headers": {"Retry-After": "7"}, "times": 1}], timeout=5)
        assert requests.post(url + EVENTS, json=EVENT, timeout=5).headers["Retry-After"] == "7"
        assert requests.post(url + EVENTS, json=EVENT | {"dedup_key": ""}, timeout=5).status_code == 400
    with process(tmp_path / "received.jsonl") as url:
        assert requests.post(url + EVENTS, json=EVENT, timeout=5).status_code == 202
        state = requests.get(f"{url}/-/state", timeout=5).json()
    assert [one["answered"] for one in state["received"]] == [200, 503, 200, 200]
    assert state["incidents"] == {"k": {"state": "triggered", "opened": 1, "triggers": 2}}
