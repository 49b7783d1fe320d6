"""Alerts of `meterline run` as a real process: an outage pages, kill -9 loses nothing, a bad reload changes nothing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from servers import prometheus
from servers.sink import Sink

ROOT = Path(__file__).resolve().parents[3]
CONFIG = "data: data\nlisten: {api: 0, dashboards: 0}\nalerting: {file: alertmanager.yml, owner: on-call}\n"
ROUTING = """
route: {{receiver: team, group_by: [alertname, service], group_wait: 1s, group_interval: 2s, repeat_interval: 4h}}
receivers:
  - name: team
    webhook_configs: [{{url: "{url}/hook"}}]
    pagerduty_configs: [{{routing_key: "a-routing-key", url: "{url}/v2/enqueue"}}]
"""
SLO = """
apiVersion: openslo/v1
kind: SLO
metadata:
  name: chat-availability
  annotations: {meterline.dev/runbook-url: "https://runbooks.example/chat", meterline.dev/owner: search}
spec:
  service: chat
  indicator:
    metadata: {name: chat-availability}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: Prometheus, spec: {query: 'requests_total{code="500"}'}}}
        total: {metricSource: {type: Prometheus, spec: {query: requests_total}}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{targetPercent: 99.9}]
"""


@dataclass(frozen=True)
class Running:
    """A service; `log` is what it wrote to stderr."""

    process: subprocess.Popen[str]
    api: str
    log: Path

    def post(self, *alerts: dict[str, Any]) -> int:
        return httpx.post(f"{self.api}/api/v2/alerts", json=alerts, timeout=10, trust_env=False).status_code

    def get(self, path: str) -> Any:
        return httpx.get(f"{self.api}{path}", timeout=10, trust_env=False).json()

    def kill(self) -> None:
        """As `kill -9` of all that it is."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.process.kill()
        for child in children:
            child.kill()
        self.process.wait()


@contextmanager
def running(directory: Path) -> Iterator[Running]:
    command = [sys.executable, "-m", "meterline", "run", "--config", str(directory / "meterline.yaml")]
    path = directory / "service.log"
    with path.open("a") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        addresses = dict(process.stdout.readline().split() for _ in range(2))
        service = Running(process, addresses["API"], path)
        yield service
        if process.poll() is None:
            process.terminate()
            assert process.wait(15) == 0
        assert "Traceback" not in path.read_text()
    finally:
        if process.poll() is None:
            Running(process, "", path).kill()
        assert process.stdout is not None
        process.stdout.close()


def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        time.sleep(0.05)


def page(number: int) -> dict[str, Any]:
    severity = "page" if number % 2 else "ticket"
    return {"labels": {"alertname": "A", "service": f"s{number % 3}", "n": str(number), "severity": severity}}


def firing(sink: Sink) -> set[str]:
    """The numbers of the alerts that the webhook heard of."""
    return {
        alert["labels"]["n"]
        for body in sink.bodies("/hook")
        for alert in body["alerts"]
        if alert["status"] == "firing" and "n" in alert["labels"]
    }


@pytest.mark.server
def test_an_outage_pages(tmp_path: Path) -> None:
    """Three hours of 20 requests a second; all of the last two and a half minutes failed."""
    now = datetime.now(UTC).timestamp()
    outage = now // 60 * 60 - 120
    times = range(int(now) - 3 * 3600, int(now) + 600, 15)
    lines = ["# TYPE requests counter"]
    for code in ("200", "500"):
        for at in times:
            good = 20 * (min(at, outage) - times[0])
            value = good if code == "200" else 20 * max(0.0, at - outage)
            lines.append(f'requests_total{{code="{code}",job="app",instance="a"}} {value} {at}')
    with Sink() as sink, prometheus.loaded("\n".join([*lines, "# EOF\n"]), tmp_path / "prometheus") as url:
        (tmp_path / "slo.yaml").write_text(SLO)
        (tmp_path / "alertmanager.yml").write_text(ROUTING.format(url=sink.url))
        source = f"{{name: prom, type: prometheus, url: '{url}', profiles: [dcgm], backfill: 1h}}"
        (tmp_path / "meterline.yaml").write_text(f"{CONFIG}slos: [slo.yaml]\nsources: [{source}]\n")
        with running(tmp_path) as service:
            until(lambda: bool(sink.bodies("/hook")), 30, "a page")
            told = {alert["labels"]["rule"]: alert for body in sink.bodies("/hook") for alert in body["alerts"]}
            quick = told["page_quick"]
            assert (quick["labels"]["severity"], quick["labels"]["slo"]) == ("page", "chat-availability")
            assert quick["annotations"]["runbook_url"] == "https://runbooks.example/chat"
            # of the hour before, the first bad minute is 1.7 %: 16.7 times the budget, over 13.44
            began = datetime.fromisoformat(quick["startsAt"])
            assert began - datetime.fromtimestamp(outage, UTC) <= timedelta(minutes=1)
            until(lambda: bool(sink.bodies("/v2/enqueue")), 10, "an incident")
            explained = service.get(f"/api/v1/alerts/{quick['fingerprint']}")
            assert explained["answer"].startswith("Yes: sent to team")
            assert any("threshold 13.44" in line["text"] for line in explained["lines"])


def test_kill_9_in_a_burst_loses_nothing(tmp_path: Path) -> None:
    with Sink() as sink:
        (tmp_path / "alertmanager.yml").write_text(ROUTING.format(url=sink.url))
        (tmp_path / "meterline.yaml").write_text(CONFIG)
        accepted: set[str] = set()
        number = 0
        with running(tmp_path) as service:
            dies_at = time.monotonic() + random.uniform(0.5, 2.5)
            while time.monotonic() < dies_at:
                some = [page(number + n) for n in range(10)]
                number += 10
                assert service.post(*some) == 200
                accepted |= {one["labels"]["n"] for one in some}
            service.kill()
        with running(tmp_path):
            until(lambda: accepted <= firing(sink), 20, "the news of every alert")
        deliveries: Counter[int] = Counter()
        for body in sink.bodies("/hook"):
            own = body["meterline"]
            assert own["possible_repeat"] or not deliveries[own["delivery"]], "a repeat that does not say so"
            deliveries[own["delivery"]] += 1
        assert sum(deliveries.values()) - len(deliveries) <= 1, "more than one repeat for one kill"
        assert all(one.opened == 1 for one in sink.incidents.by_key.values())


def test_a_bad_reload_is_told_and_changes_nothing(tmp_path: Path) -> None:
    with Sink() as sink:
        routing = tmp_path / "alertmanager.yml"
        routing.write_text(ROUTING.format(url=sink.url))
        (tmp_path / "meterline.yaml").write_text(CONFIG)
        with running(tmp_path) as service:
            assert service.post(page(1)) == 200
            until(lambda: firing(sink) == {"1"}, 15, "the first page")
            for wrong in ("route: {receiver: nobody}\nreceivers: [{name: team}]\n", "route: [", "\xff"):
                routing.write_text(wrong, encoding="latin-1")
                answer = httpx.post(f"{service.api}/-/reload", timeout=10, trust_env=False)
                assert (answer.status_code, "the old configuration stays" in answer.text) == (500, True)
            os.kill(service.process.pid, signal.SIGHUP)
            until(lambda: "the configuration in force stays" in service.log.read_text(), 5, "a line in the log")
            assert service.post(page(2)) == 200
            until(lambda: firing(sink) == {"1", "2"}, 10, "the second page")
            routing.write_text(ROUTING.format(url=sink.url).replace("team", "others"))
            assert httpx.post(f"{service.api}/-/reload", timeout=10, trust_env=False).status_code == 200
            assert service.get("/api/v2/receivers") == [{"name": "others"}]
