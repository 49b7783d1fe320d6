"""kill -9 at every bad moment: no page is lost, and a repeat says that it may be one.

Each kill brings 20 alerts of its own group. The moments: before the log, inside of group_wait, between a request and
the answer to it (the receiver kills the sender while it waits), in the pause of a retry, and in the evaluation of a
rule. Whoever posts repeats what was not accepted, as Prometheus does; a rule is simply evaluated again.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import pytest

from alert_victim import victim
from servers.hook import Hook, hook

ALERTS = 20
SECONDS = 30.0
MOMENTS = ("before the log", "group_wait", "between send and answer", "retry", "evaluation")
ROUTING = """
route:
  receiver: plain
  group_by: [kill]
  group_wait: 100ms
  group_interval: 3s  # some of a batch come after the first look at their group
  repeat_interval: 24h
  routes:
    - {{receiver: pagerduty, continue: true}}
    - {{receiver: plain}}
receivers:
  - name: plain
    webhook_configs: [{{url: "{url}/plain"}}]
  - name: pagerduty
    pagerduty_configs: [{{routing_key: k, url: "{url}/events"}}]
"""

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["alert_victim"])


class Trial:
    """The run of all kills over one log."""

    def __init__(self, directory: Path, receivers: Hook, seed: int) -> None:
        self.directory = directory
        self.receivers = receivers
        self.random = random.Random(seed)
        self.unaccepted: list[dict[str, str]] = []

    def start(self, batch: list[dict[str, str]], how: str) -> tuple[BaseProcess, Connection]:
        ours, theirs = processes.Pipe()
        routing = ROUTING.format(url=self.receivers.url)
        process = processes.Process(target=victim, args=(str(self.directory), routing, batch, how, theirs), daemon=True)
        # the pages' tests leave a __main__ that the new process would run
        with patch.dict(sys.modules, {"__main__": ModuleType("__main__")}):
            process.start()
        theirs.close()
        assert ours.poll(SECONDS)
        assert ours.recv() == "started"
        return process, ours

    def kill(self, number: int) -> None:
        moment = MOMENTS[number % len(MOMENTS)]
        batch = [
            {"alertname": f"Kill{number}", "severity": "page", "kill": str(number), "n": str(n)} for n in range(ALERTS)
        ]
        posted = batch if moment == "evaluation" else self.unaccepted + batch
        killed = self._arm(moment)
        process, told = self.start(posted, "rule" if moment == "evaluation" else "post")
        killed.append(process.pid or 0)
        if moment == "before the log":
            self._after(self.random.uniform(0, 0.02))
        elif moment == "evaluation":
            self._after(self.random.uniform(0, 0.06))
        elif moment == "group_wait":
            told.poll(SECONDS)
            self._after(self.random.uniform(0, 0.09))
        else:  # the receiver's side kills it, at its request; in a retry it waits for the second pause
            process.join(SECONDS)
        with suppress(ProcessLookupError):
            os.kill(process.pid or 0, signal.SIGKILL)
        process.join(SECONDS)
        assert process.exitcode == -signal.SIGKILL, moment
        self.receivers.period += 1
        accepted = _received(told)
        if moment == "evaluation":
            if not accepted:  # the rule is evaluated again by the next process
                self.finish(batch, "rule")
        else:
            self.unaccepted = posted[(0, len(posted) // 2, len(posted))[accepted] :]

    def finish(self, batch: list[dict[str, str]], how: str) -> None:
        """Let a process bring `batch` in, or send all that is left, before it is killed."""
        process, told = self.start(batch, how)
        expected = {"rule": 1, "post": 2, "drain": 1}[how]
        for _ in range(expected):
            assert told.poll(120), f"{how} did not end"
            told.recv()
        process.kill()
        process.join(SECONDS)
        self.receivers.period += 1

    def _arm(self, moment: str) -> list[int]:
        """What the receiver does at this moment; the pid is put into the list once it is known."""
        pids: list[int] = []
        requests = Counter[str]()

        def on_plain() -> int:
            requests["all"] += 1
            if moment == "between send and answer":
                self._shoot(pids)
            if moment == "retry":
                if requests["all"] >= 2:
                    self._shoot(pids, after=self.random.uniform(0, 0.1))
                return 503
            return 200

        self.receivers.on_plain = on_plain if moment in ("between send and answer", "retry") else lambda: 200
        return pids

    def _shoot(self, pids: list[int], after: float = 0.0) -> None:
        self._after(after)
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    @staticmethod
    def _after(seconds: float) -> None:
        time.sleep(seconds)  # the moment of the kill is what is tested


def _received(told: Connection) -> int:
    """How many words the victim had said before it died."""
    words = 0
    with suppress(EOFError, OSError):
        while told.poll(0):
            told.recv()
            words += 1
    return words


def check(directory: Path, kills: int, seed: int) -> None:
    """Run `kills` kills and compare what arrived with what was brought in."""
    with hook() as receivers:
        trial = Trial(directory, receivers, seed)
        for number in range(kills):
            trial.kill(number)
        receivers.on_plain = lambda: 200
        trial.finish(trial.unaccepted, "post")
        trial.finish([], "drain")
    taken = [body for body, status, _ in receivers.plain if status == 200]
    arrived = {(alert["labels"]["kill"], alert["labels"]["n"]) for body in taken for alert in body["alerts"]}
    wanted = {(str(number), str(n)) for number in range(kills) for n in range(ALERTS)}
    assert wanted - arrived == set(), f"{len(wanted - arrived)} of {len(wanted)} alerts were lost"
    assert len(receivers.opened) == kills, "PagerDuty did not hear of every group"
    assert max(receivers.opened.values()) == 1, "an incident was opened twice"
    by_delivery: dict[int, list[dict[str, Any]]] = {}
    for body in taken:
        by_delivery.setdefault(body["meterline"]["delivery"], []).append(body)
    for first, *others in by_delivery.values():
        for repeat in others:
            assert repeat["meterline"]["possible_repeat"] is True
            assert [one["fingerprint"] for one in repeat["alerts"]] == [one["fingerprint"] for one in first["alerts"]]
    seen: set[int] = set()
    repeats_after_kill: Counter[int] = Counter()
    for body, status, kill in receivers.plain:
        if status == 200:
            repeats_after_kill[kill] += body["meterline"]["delivery"] in seen
            seen.add(body["meterline"]["delivery"])
    assert max(repeats_after_kill.values()) <= 1, "one kill made more than one repeat"
    told = Counter(
        (bodies[0]["status"], frozenset(one["fingerprint"] for one in bodies[0]["alerts"]))
        for bodies in by_delivery.values()
    )
    assert max(told.values()) == 1, "alerts were told anew and nothing was new"


def test_ten_kills_lose_nothing(tmp_path: Path) -> None:
    check(tmp_path, 10, seed=1)


@pytest.mark.slow
def test_a_hundred_kills_lose_nothing(tmp_path: Path) -> None:
    check(tmp_path, 100, seed=2)
