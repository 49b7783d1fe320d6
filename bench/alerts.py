"""How fast are alerts accepted, and what does a storm of them do, beside a real Alertmanager in the same run?

    python bench/alerts.py                # --alerts 10000 for a quick look, --json for one line

Two servers, one after the other, each a process of its own on loopback, asked by one client with one connection:

- meterline: the service's own API, log, routing and couriers; what it accepts is on the disk (fsync) before it answers
- alertmanager: Debian's, which keeps alerts in memory

50,000 alerts of 200 services, a tenth of them pages, are posted in batches of 500; both group by service and severity
and tell one webhook. Then the storm: how many notifications come, and whether pages come first; last, how long one
evaluation of 200 rules over 500 series each takes. Needs
`prometheus-alertmanager` on the PATH and Linux.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import psutil

if not __package__:  # run as a script, whose own folder would hide packages of the same name
    sys.path[0] = str(Path(__file__).resolve().parents[1])

BATCH = 500
SERVICES = 200
ROUTING = """
route: {{receiver: hook, group_by: [service, severity], group_wait: 5s, group_interval: 5m, repeat_interval: 4h}}
receivers: [{{name: hook, webhook_configs: [{{url: "{url}"}}]}}]
"""


def serve_meterline(directory: Path, port: int) -> None:
    """The service without collecting, analytics and dashboards."""
    from meterline.alerting.station import Station
    from meterline.api import create_app
    from meterline.api_alerts.answering import Desk
    from meterline.collecting import utc_now
    from meterline.config.load import load
    from meterline.service.listening import ApiServer, bind
    from warehouse.alert_log.log import AlertLog
    from warehouse.database import Warehouse

    path = directory / "meterline.yaml"
    path.write_text("data: data\nalerting: alertmanager.yml\n")
    config = load(path)
    with Warehouse.open(config.data) as warehouse, AlertLog(config.data) as log:
        station = Station(config, warehouse, log)
        desk = Desk(log, utc_now, station.wake, lambda: station.routing, lambda: None)
        server = ApiServer(create_app(config.data, desk=desk), bind("127.0.0.1", port, "listen.api"))
        server.start()
        station.start()
        signal.sigwait({signal.SIGTERM})
        station.stop()


@contextmanager
def hook() -> Iterator[tuple[str, list[tuple[float, dict[str, Any]]]]]:
    """A webhook that keeps what it gets, and when."""
    got: list[tuple[float, dict[str, Any]]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            got.append((time.monotonic(), body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/", got
    finally:
        server.shutdown()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def batches(alerts: int) -> list[bytes]:
    started = datetime.now(UTC).isoformat()
    made = [
        {
            "labels": {
                "alertname": "QueueLong", "service": f"service-{n % SERVICES}", "pod": f"pod-{n}", "cluster": "eu-1",
                "severity": "page" if n % 10 == 0 else "ticket",
            },
            "annotations": {"summary": "requests wait", "runbook_url": "https://runbooks.example/queue"},
            "startsAt": started,
        }
        for n in range(alerts)
    ]  # fmt: skip
    return [json.dumps(made[start : start + BATCH]).encode() for start in range(0, alerts, BATCH)]


def measure(which: str, alerts: int) -> dict[str, Any]:
    """Start one server, post everything, wait for its notifications."""
    directory = Path(tempfile.mkdtemp(prefix="bench-alerts-"))
    with hook() as (url, got):
        (directory / "alertmanager.yml").write_text(ROUTING.format(url=url))
        port = free_port()
        base = f"http://127.0.0.1:{port}"
        if which == "meterline":
            command = [sys.executable, __file__, "--serve", str(directory), str(port)]
        else:
            command = [
                "prometheus-alertmanager", f"--config.file={directory / 'alertmanager.yml'}",
                f"--storage.path={directory / 'data'}", f"--web.listen-address=127.0.0.1:{port}",
                "--cluster.listen-address=",
            ]  # fmt: skip
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            figures = _posted(base, alerts, psutil.Process(server.pid))
            figures |= _told(got, psutil.Process(server.pid))
        finally:
            server.terminate()
            server.wait(20)
            shutil.rmtree(directory, ignore_errors=True)
    return figures


def _posted(base: str, alerts: int, server: psutil.Process) -> dict[str, Any]:
    bodies = batches(alerts)
    with httpx.Client(trust_env=False, timeout=60) as client:
        deadline = time.monotonic() + 60
        while True:
            try:
                if client.get(f"{base}/-/ready").status_code == 200:
                    break
            except httpx.HTTPError:
                assert time.monotonic() < deadline, "the server did not start"
                time.sleep(0.05)
        times = []
        began = time.perf_counter()
        for body in bodies:
            before = time.perf_counter()
            answer = client.post(f"{base}/api/v2/alerts", content=body, headers={"Content-Type": "application/json"})
            times.append(time.perf_counter() - before)
            answer.raise_for_status()
        seconds = time.perf_counter() - began
    return {
        "alerts_per_second": round(alerts / seconds),
        "p50_ms": round(statistics.median(times) * 1000, 1),
        "p99_ms": round(statistics.quantiles(times, n=100)[98] * 1000, 1),
        "worst_ms": round(max(times) * 1000, 1),
    }


def _told(got: list[tuple[float, dict[str, Any]]], server: psutil.Process) -> dict[str, Any]:
    peak, quiet = 0, 0
    while quiet < 100:  # ten seconds without a notification, after the first
        before = len(got)
        time.sleep(0.1)
        peak = max(peak, server.memory_info().rss)
        quiet = quiet + 1 if got and len(got) == before else 0
    groups = [(body["groupKey"], body["receiver"]) for _, body in got]
    pages = [number for number, (_, body) in enumerate(got) if body["groupLabels"].get("severity") == "page"]
    return {
        "notifications": len(got),
        "groups": len(set(groups)),
        "most_for_one_group": max(groups.count(one) for one in set(groups)),
        "told_s": round(got[-1][0] - got[0][0], 1),
        "last_page_is_number": max(pages) + 1,
        "pages": len(pages),
        "peak_mb": round(peak / 1e6),
    }


def evaluate_rules() -> dict[str, Any]:
    """Seconds of CPU of one evaluation of 200 rules with 500 series each, of which one fires."""
    import polars as pl

    from alerts.rules.evaluate import Evaluator
    from alerts.rules.model import Rule
    from warehouse.alert_log.log import AlertLog

    start = datetime(2026, 11, 24, 12)
    frame = pl.DataFrame([
        {"ts": start + timedelta(minutes=minute), "pod": f"pod-{n}", "value": 11.0 if n == 7 else 1.0}
        for minute in range(6)
        for n in range(500)
    ])  # fmt: skip
    sql = "SELECT ts, pod, value FROM queue WHERE ts >= $since AND ts < $until"
    rules = [
        Rule.model_validate({
            "name": f"rule_{n}", "title": "It waits", "severity": "ticket", "signal": {"sql": sql}, "op": ">",
            "threshold": 10, "labels": ["pod"], "every": "1m",
        })
        for n in range(200)
    ]  # fmt: skip

    def rows(rule: Rule, since: datetime, until: datetime) -> pl.DataFrame:
        bounds = since.replace(tzinfo=None), until.replace(tzinfo=None)
        return frame.filter((pl.col("ts") >= bounds[0]) & (pl.col("ts") < bounds[1]))

    directory = Path(tempfile.mkdtemp(prefix="bench-rules-"))
    took = []
    with AlertLog(directory) as log:
        for minute in range(1, 6):
            began = time.process_time()
            Evaluator(log, rules, {"sql": rows}).run(start.replace(tzinfo=UTC) + timedelta(minutes=minute, seconds=1))
            took.append(time.process_time() - began)
    shutil.rmtree(directory, ignore_errors=True)
    return {"median_cpu_s": round(statistics.median(took), 2), "worst_cpu_s": round(max(took), 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--alerts", type=int, default=50_000)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", nargs=2, metavar=("DIR", "PORT"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        serve_meterline(Path(asked.serve[0]), int(asked.serve[1]))
        return
    figures = {which: measure(which, asked.alerts) for which in ("meterline", "alertmanager")}
    figures["ratio"] = {
        "alerts_per_second": round(
            figures["meterline"]["alerts_per_second"] / figures["alertmanager"]["alerts_per_second"], 2
        )
    }
    figures["200 rules"] = evaluate_rules()
    if asked.json:
        print(json.dumps(figures))
        return
    for which, values in figures.items():
        print(which, *(f"{name}={value}" for name, value in values.items()))


if __name__ == "__main__":
    main()
