"""How long do 500 SLOs with four burn rate rules each take over 30 days of minutes, and what does plain SQL take?

    python bench/slo.py                   # --slos 50 for a quick look, --json for one line

33 days of 500 indicators, a row a minute, are written as `sli_count` in order of time, as collection stores them: 23.8
million rows of 1,000 events, an error in a twentieth of the minutes, an hour of many errors now and then. Then, each in
a process of its own:

- spans: what `burn_spans` does, from DuckDB to the times in which each of the 2,000 rules fired, every minute of 30
  days
- cycle: what an evaluation of alerts does each minute, the readings of one minute
- plain: the same spans for a few of the SLOs in the usual way, one SELECT a rule with a window function over the
  minutes of each window; the ratio is by SLO
- results, again: `meterline analyze` of the SLO tables, all days new, and with one day that changed

Needs Linux. Reported: seconds, peak memory, and whether the plain way finds the same spans.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

if not __package__:  # run as a script, whose own folder would hide the package `collector`
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from analytics.reliability.burn_windows import BurnRule, burn_rules
from analytics.reliability.signal import burn_signal, burn_spans
from analytics.runner import analyze
from warehouse.database import FILE_NAME, Warehouse
from warehouse.interval import Interval

END = datetime(2026, 11, 1)
DAYS = timedelta(days=30)
START = END - DAYS - timedelta(days=3)
MINUTE = timedelta(minutes=1)
PERIOD = timedelta(days=30)
PLAIN = 10
RESULTS = ("slo_status", "slo_burn", "slo_budget_history", "slo_event", "slo_attainment", "finding_slo")
COUNTS = """
    INSERT INTO sli_count BY NAME
    SELECT 'prod' AS source, concat('service-', lpad(p::VARCHAR, 3, '0'), '-availability') AS sli, ts,
           1000 - CASE WHEN hash(p, date_trunc('hour', ts)) % 97 = 0 THEN hash(p, ts) % 60
                       ELSE (hash(p, ts) % 20 = 0)::INT END AS good, 1000 AS total
    FROM (SELECT unnest(generate_series($start, $end - INTERVAL 1 MINUTE, INTERVAL 1 MINUTE)) AS ts),
         (SELECT unnest(generate_series(1, $slos)) AS p)
    ORDER BY ts, p
"""
WINDOWS = """
    WITH burning AS (
        SELECT sli, ts,
               sum(total - good) OVER long > $factor * 0.001::DOUBLE * sum(total) OVER long
               AND sum(total - good) OVER short > $factor * 0.001::DOUBLE * sum(total) OVER short AS fires
        FROM sli_count WHERE list_contains($slis, sli)
        WINDOW long AS (PARTITION BY sli ORDER BY ts
                        RANGE BETWEEN INTERVAL ({long} - 1) MINUTE PRECEDING AND CURRENT ROW),
               short AS (PARTITION BY sli ORDER BY ts
                         RANGE BETWEEN INTERVAL ({short} - 1) MINUTE PRECEDING AND CURRENT ROW)
    ),
    numbered AS (
        SELECT sli, ts, ts - row_number() OVER (PARTITION BY sli ORDER BY ts) * INTERVAL 1 MINUTE AS number
        FROM burning WHERE fires AND ts >= $since
    )
    SELECT sli, min(ts), max(ts) + INTERVAL 1 MINUTE FROM numbered GROUP BY sli, number
"""


def names(slos: int) -> list[str]:
    return [f"service-{number:03d}-availability" for number in range(1, slos + 1)]


def fill(data: Path, slos: int) -> int:
    """Write the counts, objectives and rules; returns the number of rows."""
    whole = Interval(START.replace(tzinfo=UTC), END.replace(tzinfo=UTC))
    with Warehouse.open(data, "bench/slo.py") as warehouse, warehouse.transaction() as tx:
        tx.replace_window("sli_count", {"source": "prod"}, whole, None)
        rows = tx.execute(COUNTS, {"start": START, "end": END, "slos": slos})
        for table, lines in _inventory(slos).items():
            tx.replace_all(table, pl.DataFrame(lines))
    return rows


def _inventory(slos: int) -> dict[str, list[dict[str, Any]]]:
    objective = {
        "objective": "99.9", "target": Decimal("0.999"), "method": "Occurrences", "team": "search",
        "window_kind": "rolling", "window_s": 2592000, "grain_s": 60,
    }  # fmt: skip
    second = timedelta(seconds=1)
    rules = [
        {"objective": "99.9", "rule": rule.name, "severity": rule.severity, "budget": rule.budget,
         "long_s": rule.long // second, "short_s": rule.short // second, "factor": rule.factor, "min_bad": rule.min_bad}
        for rule in burn_rules(PERIOD)
    ]  # fmt: skip
    return {
        "slo_objective": [{"slo": name, "sli": name, "service": name[:11], **objective} for name in names(slos)],
        "sli_indicator": [{"sli": name, "source": "prod", "kind": "ratio", "grain_s": 60} for name in names(slos)],
        "slo_burn_rule": [{"slo": name, **rule} for name in names(slos) for rule in rules],
    }


def spans(data: Path) -> dict[str, Any]:
    with Warehouse.open(data, "bench/slo.py") as warehouse:
        began = time.perf_counter()
        found = burn_spans(warehouse.query, END - DAYS, END)
        seconds = time.perf_counter() - began
    few = found.filter(pl.col("slo").is_in(names(PLAIN))).select("slo", "rule", "start", "end").sort(pl.all())
    return {"seconds": seconds, "spans": found.height, "few": [[str(value) for value in row] for row in few.rows()]}


def cycle(data: Path) -> dict[str, Any]:
    with Warehouse.open(data, "bench/slo.py") as warehouse:
        began = time.perf_counter()
        readings = burn_signal(warehouse.query, END - MINUTE, END)
        return {"seconds": time.perf_counter() - began, "readings": readings.height}


def plain(data: Path) -> dict[str, Any]:
    found: list[list[str]] = []
    with duckdb.connect(str(data / FILE_NAME), read_only=True) as connection:
        began = time.perf_counter()
        for rule in burn_rules(PERIOD):
            found += [[sli, rule.name, *map(str, times)] for sli, *times in _plain(connection, rule)]
        return {"seconds": time.perf_counter() - began, "slos": PLAIN, "few": sorted(found)}


def _plain(connection: duckdb.DuckDBPyConnection, rule: BurnRule) -> list[tuple[Any, ...]]:
    values = {"factor": rule.factor, "slis": names(PLAIN), "since": END - DAYS}
    text = WINDOWS.format(long=rule.long // MINUTE, short=rule.short // MINUTE)
    return connection.execute(text, values).fetchall()


def results(data: Path) -> dict[str, Any]:
    with Warehouse.open(data, "bench/slo.py") as warehouse:
        began = time.perf_counter()
        analysis = analyze(warehouse, END.replace(tzinfo=UTC), only=RESULTS)
        return {"seconds": time.perf_counter() - began, "failed": analysis.failed}


def again(data: Path) -> dict[str, Any]:
    """The run after one more day was collected: only that day is new."""
    with Warehouse.open(data, "bench/slo.py") as warehouse, warehouse.transaction() as tx:
        tx.execute("UPDATE changed_day SET revision = nextval('revision') WHERE day = DATE '2026-10-31'")
    return results(data)


PATHS = {"spans": spans, "cycle": cycle, "plain": plain, "results": results, "again": again}


def measured(data: Path, path: str) -> dict[str, Any]:
    """One path in a process of its own, with its peak resident memory in MB."""
    command = [sys.executable, __file__, "--data", str(data), "--path", path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def one_path(data: Path, path: str) -> None:
    result = PATHS[path](data)
    # not getrusage: its maximum outlives exec, so it would be the parent's
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    print(json.dumps({**result, "peak_mb": round(int(status["VmHWM"].split()[0]) / 1024)}))


def compare(slos: int) -> dict[str, Any]:
    """All paths over the same counts."""
    folder = Path(tempfile.mkdtemp(prefix="meterline-slo-"))
    try:
        rows = fill(folder, slos)
        found = {path: measured(folder, path) for path in PATHS}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    same = found["spans"].pop("few") == found["plain"].pop("few")
    by_slo = found["plain"]["seconds"] / PLAIN / (found["spans"]["seconds"] / slos)
    return {"rows": rows, "slos": slos, "paths": found, "times_faster_than_plain": round(by_slo, 1), "same": same}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--slos", type=int, default=500)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--path", choices=tuple(PATHS), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.path:
        one_path(asked.data, asked.path)
        return
    result = compare(max(asked.slos, PLAIN))
    if asked.json:
        print(json.dumps(result))
        return
    print(f"{result['slos']} SLOs, {result['rows']:,} rows")
    for path, figures in result["paths"].items():
        more = {name: value for name, value in figures.items() if name not in ("seconds", "peak_mb") and value}
        print(f"{path:8} {figures['seconds']:7.2f} s {figures['peak_mb']:6} MB  {more or ''}")
    print(f"an SLO takes plain SQL {result['times_faster_than_plain']} times as long; same spans: {result['same']}")


if __name__ == "__main__":
    main()
