"""What test_crash kills: collects hour after hour and publishes, as fast as it can, until it dies.

    python crash_victim.py URL DIRECTORY KILLS SEED

This process imports everything once, then forks a victim, kills it with SIGKILL at a random moment, and has a second
child check what it left; again and again. It touches neither DuckDB nor Polars itself, so that it may fork. Exit code 0
when every check passed; each line on stdout tells of one kill.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from analytics.runner import analyze
from collector.prometheus.settings import PrometheusSettings
from collector.prometheus.source import PrometheusSource
from warehouse.database import Warehouse
from warehouse.errors import NothingPublished
from warehouse.interval import parse_utc
from warehouse.published import Published

BEGIN = parse_utc("2026-10-05T00:00")
PER_BUCKET = 10


def work(url: str, directory: Path, rounds: int) -> None:
    """Collect an hour, publish, and so on; every round goes on from the watermark."""
    settings = PrometheusSettings.model_validate(
        {"name": "steady", "type": "prometheus", "url": url, "profiles": ["vllm"], "backfill": "1h", "window": "30m",
         "scrape_interval": "30s"}
    )  # fmt: skip
    source = PrometheusSource(settings)
    with Warehouse.open(directory) as warehouse:
        for _ in range(rounds):
            known = warehouse.watermark("steady", "vllm")
            now = (known.replace(tzinfo=BEGIN.tzinfo) if known else BEGIN) + timedelta(hours=1) + settings.settle
            source.collect(warehouse, None, now, lambda what, share: None)
            analyze(warehouse, now, only={"serving_count_hour", "source_status"})


def check(directory: Path) -> None:
    """Every bucket up to the watermark is there once with its exact increase, none beyond; the pointer is whole."""
    with Warehouse.open(directory) as warehouse:
        mark = warehouse.query(
            "SELECT min(collected_from), max(collected_to) FROM watermark WHERE stream = 'vllm'"
        ).row(0)
        rows = warehouse.query(
            "SELECT ts, count(*) AS n, sum(value) AS value FROM serving_count WHERE measure = 'requests' "
            "GROUP BY ts ORDER BY ts"
        ).rows()
        raw = warehouse.query(
            "SELECT count(*) AS n, count(DISTINCT ts) AS times, max(ts) AS last FROM sample "
            "JOIN series USING (series) WHERE stream = 'vllm/vllm:request_success_total'"
        ).row(0)
    if mark[0] is None:
        assert not rows
        assert raw[0] == 0
    else:
        buckets = int((mark[1] - mark[0]) / timedelta(minutes=5))
        assert [row[0] for row in rows] == [mark[0] + timedelta(minutes=5) * number for number in range(buckets)]
        assert all(row[1:] == (1, PER_BUCKET) for row in rows), rows
        assert raw[0] == raw[1]
        assert raw[2] < mark[1]
    try:
        published = Published.current(directory)
    except NothingPublished:
        return
    for table, stated in published.manifest["tables"].items():
        content = (directory / "published" / published.version / f"{table}.parquet").read_bytes()
        assert sha256(content).hexdigest() == stated["sha256"], table
    assert published.table("source_status").columns


def child(task: Callable[[], None]) -> int:
    """Fork, run `task` in the child, return its pid."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            task()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return pid


def main() -> None:
    url, directory, kills, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    moments = random.Random(seed)
    begun = time.monotonic()
    if os.waitstatus_to_exitcode(os.waitpid(child(lambda: work(url, directory, 1)), 0)[1]):
        sys.exit("the first round failed")
    a_round = time.monotonic() - begun  # so that kills fall into all of it, on a fast and on a slow machine
    for number in range(kills):
        pid = child(lambda: work(url, directory, 1000))
        time.sleep(moments.uniform(0.0, 2.2 * a_round))
        os.kill(pid, signal.SIGKILL)
        died = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if died != -signal.SIGKILL:
            sys.exit(f"kill {number}: the victim ended by itself with {died}")
        if os.waitstatus_to_exitcode(os.waitpid(child(lambda: check(directory)), 0)[1]):
            sys.exit(f"kill {number}: the check failed")
        print(json.dumps({"kill": number}), flush=True)


if __name__ == "__main__":
    main()
