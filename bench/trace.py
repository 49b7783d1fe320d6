"""Public traces through the real warehouse and analytics: the figures must come out exactly.

    python bench/trace.py DIRECTORY

openb (alibaba/clusterdata, cluster-trace-gpu-v2023): each scheduled GPU pod is allocated from its scheduled to its
deletion time, cut into 5-minute facts; team = QoS class; every GPU at 2.50 an hour. All pods, with and without GPUs,
are also runs that queued. Azure (AzurePublicDataset, LLM inference 2023): each request is counted with its tokens,
served by 8 GPUs for one hour at 2.50.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl

if not __package__:  # run as a script, whose own folder would hide the package `collector`
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from analytics.ledger.showback import showback
from analytics.parameters import parameters
from analytics.runner import analyze
from warehouse.charges import hours_of
from warehouse.database import Warehouse
from warehouse.interval import Interval, naive
from warehouse.published import Published

PODS = "openb_pod_list_default.csv.gz"
REQUESTS = {
    "conv": "AzureLLMInferenceTrace_conv.csv.gz",
    "code": "AzureLLMInferenceTrace_code.csv.gz",
}
START = datetime(2026, 1, 1, tzinfo=UTC)
BUCKET_S = 300


def read_pods(folder: Path) -> pl.DataFrame:
    times = dict.fromkeys(("creation_time", "deletion_time", "scheduled_time"), pl.Int64)
    return pl.read_csv(folder / PODS, schema_overrides=times)


def allocations(pods: pl.DataFrame) -> pl.DataFrame:
    """gpu_allocation rows of the scheduled GPU pods: seconds held in each 5-minute bucket, exact integers."""
    held = pods.filter((pl.col("num_gpu") > 0) & pl.col("scheduled_time").is_not_null())
    first, last = pl.col("scheduled_time") // BUCKET_S, (pl.col("deletion_time") - 1) // BUCKET_S
    pieces = held.with_columns(bucket=pl.int_ranges(first, last + 1)).explode("bucket").drop_nulls("bucket")
    start = pl.max_horizontal("scheduled_time", pl.col("bucket") * BUCKET_S)
    end = pl.min_horizontal("deletion_time", (pl.col("bucket") + 1) * BUCKET_S)
    return pieces.select(
        pl.lit("openb").alias("source"), pl.lit("openb").alias("profile"), pl.lit("openb").alias("cluster"),
        pl.lit("any").alias("node"), pl.col("qos").alias("namespace"), pl.col("name").alias("pod"),
        pl.col("name").alias("uid"), pl.lit("nvidia_com_gpu").alias("resource"), pl.lit("GPU").alias("gpu_model"),
        pl.lit(1).alias("share_num"), pl.lit(1).alias("share_den"),
        (pl.lit(naive(START)) + pl.duration(seconds=pl.col("bucket") * BUCKET_S)).cast(pl.Datetime("us")).alias("ts"),
        (pl.col("num_gpu") * pl.col("gpu_milli") * (end - start)).alias("milli_unit_seconds"),
        pl.lit(0).alias("starting_milli_unit_seconds"),
    )  # fmt: skip


def queue(pods: pl.DataFrame) -> pl.DataFrame:
    """pipeline_run rows of all pods: queued at creation, started when scheduled, in flight when they never were."""
    moment = {name: _moment(pl.col(name)) for name in ("creation_time", "scheduled_time", "deletion_time")}
    scheduled = pl.col("scheduled_time").is_not_null()
    return pods.select(
        pl.lit("openb").alias("source"), pl.lit("trace").alias("system"), pl.lit("openb").alias("pipeline"),
        pl.lit("training").alias("kind"), pl.col("name").alias("run_id"),
        pl.when(scheduled).then(pl.lit("success")).otherwise(pl.lit("queued")).alias("state"),
        moment["creation_time"].alias("queued_at"),
        moment["scheduled_time"].alias("started_at"),
        moment["scheduled_time"].alias("first_task_started_at"),
        pl.when(scheduled).then(moment["deletion_time"]).alias("ended_at"),
    )  # fmt: skip


def _moment(seconds: pl.Expr) -> pl.Expr:
    return (pl.lit(naive(START)) + pl.duration(seconds=seconds)).cast(pl.Datetime("us"))


def requests(folder: Path) -> pl.DataFrame:
    """serving_count rows of the two Azure traces: requests and tokens by 5-minute bucket."""
    frames = []
    for name, file in REQUESTS.items():
        # the month of the trace is kept, the times are moved to the month that is priced
        raw = pl.read_csv(folder / file).with_columns(
            ts=pl.col("TIMESTAMP").str.slice(0, 19).str.to_datetime("%Y-%m-%d %H:%M:%S")
        )
        moved = raw.with_columns(ts=pl.lit(naive(START)) + (pl.col("ts") - pl.col("ts").min().dt.truncate("1h")))
        counts = moved.group_by(pl.col("ts").dt.truncate("5m").cast(pl.Datetime("us"))).agg(
            requests=pl.len(), tokens_in=pl.col("ContextTokens").sum(), tokens_out=pl.col("GeneratedTokens").sum()
        )
        long = counts.unpivot(index="ts", variable_name="measure", value_name="value")
        frames.append(
            long.select(
                pl.lit("azure").alias("source"), pl.lit("azure").alias("profile"), pl.lit("engine").alias("layer"),
                pl.lit("azure").alias("cluster"), pl.lit("llm").alias("namespace"), pl.lit(f"{name}-0").alias("pod"),
                pl.lit(name).alias("model"), "measure",
                pl.when(pl.col("measure") == "requests").then(pl.lit("good")).alias("outcome"), "ts",
                pl.col("value").cast(pl.Float64),
            )
        )  # fmt: skip
    return pl.concat(frames)


def eight_gpus_for_an_hour() -> pl.DataFrame:
    rows = [
        {"source": "azure", "profile": "azure", "cluster": "azure", "node": "n", "namespace": "llm", "pod": f"{name}-0",
         "uid": name, "resource": "nvidia_com_gpu", "gpu_model": "GPU", "share_num": 1, "share_den": 1,
         "ts": naive(START + timedelta(seconds=bucket * BUCKET_S)), "milli_unit_seconds": 8 * 1000 * BUCKET_S,
         "starting_milli_unit_seconds": 0}
        for name in REQUESTS for bucket in range(12)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"ts": pl.Datetime("us")})


def load(warehouse: Warehouse, folder: Path) -> datetime:
    """Store the traces as facts and an inventory to go with them; returns the time at which the trace is over."""
    pods = read_pods(folder)
    held = allocations(pods)
    end = START + timedelta(days=200)
    whole = Interval(START, end)
    qos = pods["qos"].unique().sort().to_list()
    with warehouse.transaction() as tx:
        tx.replace_window("gpu_allocation", {"source": "openb"}, whole, held)
        tx.replace_window("gpu_allocation", {"source": "azure"}, whole, eight_gpus_for_an_hour())
        tx.replace_window("serving_count", {"source": "azure"}, whole, requests(folder))
        tx.replace_rows("pipeline_run", ["source", "run_id"], queue(pods))
        tx.advance("openb", "openb", "gpu_allocation", whole, end)
        tx.replace_all(
            "namespace_owner",
            pl.DataFrame(
                [{"pattern": f"^{one}$", "team": one, "position": number} for number, one in enumerate([*qos, "llm"])]
            ),
        )
        tx.replace_all(
            "price",
            pl.DataFrame(
                [
                    {
                        "kind": "gpu",
                        "gpu_model": "GPU",
                        "pricing": "on_demand",
                        "list_price": Decimal("2.50"),
                        "price": Decimal("2.50"),
                        "price_den": 1,
                        "valid_from": naive(START),
                        "valid_to": None,
                    }
                ]
            ),
        )
        tx.replace_all(
            "service",
            pl.DataFrame(
                [{"service": name, "team": "llm", "tier": 1, "path": "paved_road", "model": name} for name in REQUESTS]
            ),
        )
        tx.replace_all(
            "service_match",
            pl.DataFrame(
                [
                    {"service": name, "field": "model_name", "pattern": f"^{name}$", "position": number}
                    for number, name in enumerate(REQUESTS)
                ]
            ),
        )
        tx.replace_all("report_setting", pl.DataFrame([{"currency": "USD", "timezone": "UTC"}]))
    return end


def figures(folder: Path, data: Path) -> dict[str, object]:
    """Everything that the traces' description states, as Meterline computes it."""
    with Warehouse.open(data, "bench/trace.py") as warehouse:
        now = load(warehouse, folder)
        thresholds = parameters().model_copy(update={"recent_days": 400})
        analysis = analyze(warehouse, now, thresholds=thresholds)
        if analysis.failed:
            raise SystemExit(f"analytics failed: {analysis.failed}")
    published = Published.current(data)
    openb = published.query("SELECT * FROM cost_line WHERE cluster = 'openb'")
    summary = published.query("SELECT * FROM pipeline_summary").row(0, named=True)
    # the trace is longer than a month: one bill over all of it, as if it were one
    month = date(2026, 1, 1)
    by_team = showback(openb.with_columns(billing_month=pl.lit(month)), openb.clear(), month, ("team",))
    quantity = openb["quantity"].sum()
    day_148 = sum(hours_of(row) for row in openb.filter(pl.col("day") == date(2026, 1, 1) + timedelta(148)).to_dicts())
    units = {
        row["scope"]: row for row in published.table("unit_cost_month").to_dicts() if row["scope_kind"] == "service"
    }
    return {
        "openb": {
            "milli_gpu_seconds": quantity,
            "gpu_hours": f"{quantity / 3_600_000:.9f}",
            "gpu_hours_day_148": f"{float(day_148):.6f}",
            "cost": str(by_team.total),
            "cost_by_qos": {row["team"]: str(row["cost"]) for row in by_team.rows.sort("team").to_dicts()},
            "scheduled": summary["success"], "never_scheduled": summary["in_flight"],
            "queue_s": {name: summary[f"queue_{name}_s"] for name in ("p50", "p90", "p95", "p99", "max")},
        },
        "azure": {
            name: {key: str(units[name][key]) for key in
                   ("cost", "requests", "tokens_in", "tokens_out", "per_1k_inferences", "per_1m_tokens",
                    "per_1m_tokens_in", "per_1m_tokens_out")}
            for name in REQUESTS
        },
    }  # fmt: skip


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("folder", type=Path, help="where the traces are")
    folder = words.parse_args().folder
    with tempfile.TemporaryDirectory() as data:
        print(json.dumps(figures(folder, Path(data)), indent=2))


if __name__ == "__main__":
    main()
