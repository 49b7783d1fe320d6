"""Requests and latencies of the fixture."""

from __future__ import annotations

import math
import random
from datetime import date, datetime

import polars as pl

from published.inventory import DAYS, END, SERVICES, days, part_of


def serving(dice: random.Random) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    day_rows, latency_rows, hour_rows = [], [], []
    for name, team, tier, _, good, threshold, base in SERVICES:
        volume = {1: 240_000, 2: 60_000, 3: 30_000}[tier]
        for number, day in enumerate(days()):
            requests = float(
                round(volume * part_of(day) * (0.6 if day.weekday() >= 5 else 1.0) * (0.9 + 0.2 * dice.random()))
            )
            fail = 0.031 if (name, day) == ("image-tags", date(2026, 11, 9)) else (1 - good) * (0.5 + dice.random())
            bad, client, aborted = round(requests * fail), round(requests * 0.004), round(requests * 0.001)
            tokens = (requests * 310, requests * 140) if name in ("chat", "summaries", "autocomplete") else (None, None)
            day_rows.append(
                (
                    day,
                    name,
                    team,
                    tier,
                    "gateway",
                    requests,
                    requests - bad - client - aborted,
                    float(bad),
                    0.0,
                    float(client),
                    float(aborted),
                    1 - bad / (requests - client - aborted),
                    *tokens,
                )
            )
            slower = 1 + max(0, number - 20) * 0.13 if name == "summaries" else 1.0
            p50 = base * slower * (0.95 + 0.1 * dice.random())
            within = max(0.0, min(1.0, 0.995 - max(0.0, p50 * 2.2 / threshold - 0.9) * 0.4))
            latency_rows.append(
                (day, name, "latency", requests, p50, p50 * 2.2, p50 * 3.6, threshold, within, within + 0.003)
            )
            if number >= DAYS - 13:
                for hour in range(6 if day == END.date() else 24):
                    load = 0.55 + 0.45 * math.sin((hour - 8) / 24 * 2 * math.pi) ** 2
                    at = datetime(day.year, day.month, day.day, hour)
                    wave = p50 * (0.8 + 0.4 * load) * (0.95 + 0.1 * dice.random())
                    count = round(requests / 24 * load)
                    hour_rows.append(
                        (at, name, float(count), float(round(count * fail)), 1 - fail, wave, wave * 2.2, wave * 3.6)
                    )
    return (
        pl.DataFrame(
            day_rows,
            orient="row",
            schema=[
                "day",
                "service",
                "team",
                "tier",
                "layer",
                "requests",
                "good",
                "bad",
                "shed",
                "client_error",
                "aborted",
                "availability",
                "tokens_in",
                "tokens_out",
            ],
            infer_schema_length=None,
        ),
        pl.DataFrame(
            latency_rows,
            orient="row",
            schema=[
                "day",
                "service",
                "measure",
                "requests",
                "p50_s",
                "p95_s",
                "p99_s",
                "threshold_s",
                "within_lower",
                "within_upper",
            ],
        ),
        pl.DataFrame(
            hour_rows,
            orient="row",
            schema=["hour", "service", "requests", "bad", "availability", "p50_s", "p95_s", "p99_s"],
        ),
    )
