"""How long does a month of a large cluster take from 5-minute facts to published, exact cost, and what do floats lose?

    python bench/allocation.py            # --pods 200 for a quick look, --json for one line

A month of 2,000 pods on 64 nodes is written as facts in order of time, as collection stores it: 17.9 million rows of
requests and 0.6 million of capacity; a price changes in the middle, the report is in a zone with summer time. Then,
each in a process of its own:

- none, weighted: what `meterline analyze` does from facts to published tables, all days new; once with idle as its own
  rows, once with idle shared out by node in proportion to cost
- again: the same with one new day of facts, as the service does every few minutes
- float: the same question in the usual way, one SELECT in double precision over the same file: GPU-hours a pod and hour
  x the price averaged over the month, rows rounded to cents, as allocation tools built on PromQL do

Needs Linux. Reported: seconds, peak memory, and by how many cents each way of rounding misses the exact bill.
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
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

if not __package__:  # run as a script, whose own folder would hide the package `collector`
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from analytics.runner import analyze
from warehouse.charges import exact_sums
from warehouse.database import FILE_NAME, Warehouse
from warehouse.interval import Interval
from warehouse.money import round_half_even
from warehouse.published import Published

START, END = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
CHANGE = datetime(2026, 10, 15, 10, 35)
NOW = END + timedelta(days=2)
MODEL = "NVIDIA-H100-80GB-HBM3"
NODES = 64
TEAMS = 20
FACTS = """
    INSERT INTO gpu_allocation BY NAME
    SELECT 'prod' AS source, 'bench' AS profile, 'prod' AS cluster,
           concat('node-', lpad((p % $nodes)::VARCHAR, 3, '0')) AS node,
           concat('team-', (p % $teams)::VARCHAR) AS namespace,
           concat('worker-', lpad(p::VARCHAR, 5, '0'), '-7d9f6c5b4-x2k') AS pod, concat('uid-', p::VARCHAR) AS uid,
           'nvidia_com_gpu' AS resource, $model AS gpu_model, 1 AS share_num, 4 AS share_den,
           TIMESTAMP '2026-09-30 12:00' AS started_at, ts,
           300000 - hash(p, ts) % 7 * 1000 AS milli_unit_seconds, 0 AS starting_milli_unit_seconds
    FROM (SELECT unnest(generate_series($first, $last, INTERVAL 5 MINUTE)) AS ts),
         (SELECT unnest(generate_series(1, $pods)) AS p)
    ORDER BY ts, p
"""
CAPACITY = """
    INSERT INTO gpu_capacity BY NAME
    SELECT 'prod' AS source, 'bench' AS profile, 'prod' AS cluster, concat('node-', lpad(n::VARCHAR, 3, '0')) AS node,
           'nvidia_com_gpu' AS resource, $model AS gpu_model, 1 AS share_num, 4 AS share_den, ts,
           $units * 300000 AS capacity_milli_unit_seconds, $units * 300000 AS allocatable_milli_unit_seconds,
           $units * 300000 AS ready_milli_unit_seconds
    FROM (SELECT unnest(generate_series($first, $last, INTERVAL 5 MINUTE)) AS ts),
         (SELECT unnest(generate_series(0, $nodes - 1)) AS n)
    ORDER BY ts, n
"""
FLOAT = """
    WITH hour AS (
        SELECT namespace, pod, date_trunc('hour', ts) AS hour,
               sum(milli_unit_seconds::DOUBLE / 1000 * share_num / share_den) / 3600 AS gpu_hours
        FROM gpu_allocation GROUP BY ALL
    ),
    price AS (SELECT avg(CASE WHEN ts < $change THEN 2.95::DOUBLE ELSE 2.60::DOUBLE END) AS price FROM gpu_capacity),
    cost AS (
        SELECT namespace, hour, gpu_hours * price AS averaged,
               gpu_hours * CASE WHEN hour < $change THEN 2.95::DOUBLE ELSE 2.60::DOUBLE END AS hourly
        FROM hour, price
    )
    SELECT sum(averaged), sum(round(averaged, 2)), sum(hourly), sum(round(hourly, 2)),
           (SELECT sum(round(c, 2)) FROM (SELECT sum(averaged) AS c FROM cost GROUP BY namespace)) FROM cost
"""


def fill(data: Path, pods: int) -> int:
    """Write the facts and the inventory; returns the number of fact rows."""
    last = END.replace(tzinfo=None) - timedelta(minutes=5)
    span = {"first": START.replace(tzinfo=None), "last": last, "model": MODEL, "nodes": NODES}
    units = -(-pods // NODES) + 4
    with Warehouse.open(data, "bench/allocation.py") as warehouse, warehouse.transaction() as tx:
        whole = Interval(START, END)
        for fact in ("gpu_allocation", "gpu_capacity"):
            tx.replace_window(fact, {"source": "prod"}, whole, None)
            tx.advance("prod", fact, fact, whole, END)
        rows = tx.execute(FACTS, {**span, "pods": pods, "teams": TEAMS})
        rows += tx.execute(CAPACITY, {**span, "units": units})
        for table, frame in _inventory().items():
            tx.replace_all(table, frame)
    return rows


def _inventory() -> dict[str, pl.DataFrame]:
    def price(amount: str, since: datetime, until: datetime | None) -> dict[str, Any]:
        return {"kind": "gpu", "gpu_model": MODEL, "pricing": "on_demand", "list_price": Decimal(amount),
                "price": Decimal(amount), "price_den": 1, "valid_from": since, "valid_to": until}  # fmt: skip

    long_ago = datetime(2026, 1, 1)
    return {
        "report_setting": pl.DataFrame([{"currency": "USD", "timezone": "Europe/Berlin"}]),
        "price": pl.DataFrame([price("2.95", long_ago, CHANGE), price("2.60", CHANGE, None)]),
        "cost_boundary": pl.DataFrame({"ts": [CHANGE]}),
        "namespace_owner": pl.DataFrame(
            [{"pattern": f"^team\\-{one}$", "team": f"team-{one}", "position": one} for one in range(TEAMS - 1)]
        ),
    }


def exact(data: Path, policy: str) -> dict[str, Any]:
    """Analyze everything anew with that idle policy; the bill of all lines beside time and memory."""
    with Warehouse.open(data, "bench/allocation.py") as warehouse:
        with warehouse.transaction() as tx:
            tx.execute("DELETE FROM analytic_state")
            tx.replace_all(
                "allocation_policy", pl.DataFrame([{"basis": "request", "idle_split": policy, "idle_by": "node"}])
            )
        began = time.perf_counter()
        analysis = analyze(warehouse, NOW)
        seconds = time.perf_counter() - began
    published = Published.current(data)
    lines = pl.concat([published.table("cost_line"), published.table("cost_transfer")], how="diagonal")
    by_charge = {key[0]: sums.cost for key, sums in exact_sums(lines, ["charge"]).items()}
    months = [row["cost"] for row in published.query(
        """SELECT sum(cost) AS cost FROM showback_month WHERE "by" = 'team' GROUP BY month ORDER BY month"""
    ).to_dicts()]  # fmt: skip
    return {
        "seconds": seconds, "failed": analysis.failed, "lines": lines.height,
        "allocated": str(by_charge["allocation"]), "total": str(sum(by_charge.values(), Fraction(0))),
        "months": [str(cost) for cost in months],
    }  # fmt: skip


def again(data: Path) -> dict[str, Any]:
    """The run after one more day was collected: only that day is new."""
    with Warehouse.open(data, "bench/allocation.py") as warehouse:
        with warehouse.transaction() as tx:
            tx.execute("UPDATE changed_day SET revision = nextval('revision') WHERE day = DATE '2026-10-31'")
        began = time.perf_counter()
        analysis = analyze(warehouse, NOW)
        return {"seconds": time.perf_counter() - began, "failed": analysis.failed}


def floats(data: Path) -> dict[str, Any]:
    """The same bill in double precision, five ways."""
    with duckdb.connect(str(data / FILE_NAME), read_only=True) as connection:
        began = time.perf_counter()
        sums = connection.execute(FLOAT, {"change": CHANGE}).fetchone() or ()
        names = ("average price", "average price, rows in cents", "price of the hour",
                 "price of the hour, rows in cents", "average price, teams in cents")  # fmt: skip
        return {"seconds": time.perf_counter() - began, "sums": dict(zip(names, sums, strict=True))}


def measured(data: Path, path: str) -> dict[str, Any]:
    """One path in a process of its own, with its peak resident memory in MB."""
    command = [sys.executable, __file__, "--data", str(data), "--path", path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def one_path(data: Path, path: str) -> None:
    run = {"float": floats, "again": again}.get(path) or (lambda folder: exact(folder, path))
    result = run(data)
    # not getrusage: its maximum outlives exec, so it would be the parent's
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    print(json.dumps({**result, "peak_mb": round(int(status["VmHWM"].split()[0]) / 1024)}))


def compare(pods: int) -> dict[str, Any]:
    """All paths over the same facts."""
    folder = Path(tempfile.mkdtemp(prefix="meterline-allocation-"))
    try:
        rows = fill(folder, pods)
        found = {path: measured(folder, path) for path in ("none", "again", "weighted", "float")}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    bill = Fraction(found["none"]["allocated"])
    sums = found["float"]["sums"]
    lost = {name: round((Decimal(value) - round_half_even(bill)) * 100) for name, value in sums.items()}
    return {
        "fact_rows": rows, "paths": found, "allocated": str(round_half_even(bill)), "cents_lost_by_floats": lost,
        "shared_equals_unshared": found["none"]["total"] == found["weighted"]["total"],
    }  # fmt: skip


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--pods", type=int, default=2000)
    words.add_argument("--json", action="store_true", help="one line of JSON")
    words.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    words.add_argument("--path", help=argparse.SUPPRESS)
    asked = words.parse_args()
    if asked.path:
        one_path(asked.data, asked.path)
        return
    found = compare(asked.pods)
    if asked.json:
        print(json.dumps(found))
        return
    print(f"{found['fact_rows']:,} fact rows; allocated {found['allocated']}")
    for path, row in found["paths"].items():
        print(f"{path:10} {row['seconds']:7.2f} s {row['peak_mb']:6} MB", row.get("failed") or "")
    for name, cents in found["cents_lost_by_floats"].items():
        print(f"{name:34} misses the bill by {cents:+,} cents")
    print(f"idle shared out equals idle apart, exactly: {found['shared_equals_unshared']}")


if __name__ == "__main__":
    main()
