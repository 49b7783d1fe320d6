"""Pipeline runs and drift scores of the fixture."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import polars as pl

from published.inventory import END, PIPELINES, SERVICES, START, days


def pipelines(dice: random.Random) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    runs = []
    for name, kind, good in PIPELINES:
        for day in days():
            for number in range(3 if kind == "training" else 4):
                queued = datetime(day.year, day.month, day.day, 1 + number * 5, dice.randrange(60))
                if queued > END:
                    continue
                state = "success" if dice.random() < good else "failed"
                state = "skipped" if dice.random() < 0.03 else "cancelled" if dice.random() < 0.02 else state
                first = "failed" if state == "failed" or dice.random() < 0.05 else state
                wait = dice.uniform(20, 900) * (3 if name == "train_chat_sft" else 1)
                started = queued + timedelta(seconds=wait)
                ended = started + timedelta(seconds=dice.uniform(300, 7000))
                if ended > END:
                    state, first, ended = "running", None, None
                runs.append(
                    (
                        kind,
                        name,
                        f"scheduled__{queued:%Y-%m-%dT%H:%M}",
                        state,
                        first,
                        1 if first == state else 2,
                        queued,
                        started,
                        ended,
                        (ended - started).total_seconds() if ended else None,
                        wait,
                    )
                )
    frame = pl.DataFrame(
        runs,
        orient="row",
        infer_schema_length=None,
        schema=[
            "kind",
            "pipeline",
            "run_id",
            "state",
            "first_attempt_state",
            "attempts",
            "queued_at",
            "started_at",
            "ended_at",
            "duration_s",
            "queue_s",
        ],
    )

    def states() -> list[pl.Expr]:
        return [
            (pl.col("state") == state).cast(pl.Int64).sum().alias(state)
            for state in ("success", "failed", "skipped", "cancelled")
        ]

    ended = frame.drop_nulls("ended_at").with_columns(pl.col("ended_at").dt.date().alias("day"))
    by_day = ended.group_by("day", "kind", "pipeline").agg(states()).sort("day", "pipeline")
    judged = pl.when(pl.col("state") == "success").then(1.0).when(pl.col("state") == "failed").then(0.0)
    first_judged = (
        pl.when(pl.col("first_attempt_state") == "success")
        .then(1.0)
        .when(pl.col("first_attempt_state") == "failed")
        .then(0.0)
    )
    summary = (
        frame.sort("queued_at")
        .group_by("kind", "pipeline")
        .agg(
            *states(),
            (pl.col("state") == "running").cast(pl.Int64).sum().alias("in_flight"),
            judged.mean().alias("success_rate"),
            first_judged.mean().alias("first_attempt_rate"),
            pl.col("queue_s").quantile(0.5).alias("queue_p50_s"),
            pl.col("queue_s").quantile(0.95).alias("queue_p95_s"),
            pl.col("state").last().alias("last_state"),
            pl.col("ended_at").max().alias("last_ended_at"),
        )
        .sort("kind", "pipeline")
    )
    return (
        by_day.select("day", "kind", "pipeline", "success", "failed", "skipped", "cancelled"),
        summary,
        frame.sort("queued_at", descending=True).head(200),
    )


def drift(dice: random.Random) -> tuple[pl.DataFrame, pl.DataFrame]:
    models, series = [], []
    for number, (service, team, tier, model, *_) in enumerate(SERVICES):
        status = {6: "stale", 7: "missing"}.get(number, "covered")
        last = None
        if status != "missing":
            reports = [START + timedelta(days=back, hours=3) for back in range(22 if status == "stale" else 31)]
            last = reports[-1]
            for place, column in enumerate(("prompt_length", "language", "hour", "embedding_norm")):
                for step, at in enumerate(reports):
                    moving = 0.006 * max(0, step - 15) if (number, place) == (3, 0) else 0
                    score = 0.03 + 0.02 * dice.random() + moving
                    series.append((model, column, "Jensen-Shannon distance", at, score, 0.1, score > 0.1))
        models.append(
            (
                model,
                service,
                team,
                tier,
                f"{model}-daily" if last else None,
                status,
                last,
                86400.0,
                4 if last else None,
                (1 if number == 3 else 0) if last else None,
            )
        )
    return (
        pl.DataFrame(
            models,
            orient="row",
            infer_schema_length=None,
            schema=[
                "model",
                "service",
                "team",
                "tier",
                "monitor",
                "status",
                "last_result_at",
                "expected_every_s",
                "columns",
                "drifted_columns",
            ],
        ),
        pl.DataFrame(
            series, orient="row", schema=["model", "column_name", "method", "ts", "score", "threshold", "drifted"]
        ),
    )
