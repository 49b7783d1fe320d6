"""Two months of a small platform in Berlin, published: October 2026 closed, November until the 10th at noon UTC.

November at 2.50 a GPU-hour: search 100 h (60 used) and 4 h on the 10th, vision 60 h (use not measured), 40 h idle
beside them on the 5th, 2 h taken back of search's October, and 3 h of a GPU without a price. So 250 + 10 + 150 + 100
- 5 = 505. Idle is shared by cost: of its 100.00 search bears 62.50 and vision 37.50. October: search 8 h, 20.00.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl

from analytics.ledger.policy import Policy
from analytics.ledger.transfer import transfers
from focus_lines import HOUR, OCTOBER, frame, idle, line
from warehouse.publication import publish

NOVEMBER = date(2026, 11, 1)
FACTS_TO = datetime(2026, 11, 10, 12)
NOON = FACTS_TO.replace(tzinfo=UTC)


def tables() -> dict[str, pl.DataFrame]:
    """What `meterline showback` reads."""
    fifth = date(2026, 11, 5)
    lines = frame(
        line(100, day=fifth, used=60 * HOUR, labels='{"app": "chat"}'),
        line(60, day=fifth, team="vision", service="ocr", namespace="vision", labels='{"app": "ocr"}'),
        idle(40, day=fifth),
        line(4, day=date(2026, 11, 10), used=4 * HOUR),
        line(3, None, day=fifth, team="research", service="__none__", node="n2", gpu_model="B200", used=0),
        line(-2, day=date(2026, 10, 20), charge_class="Correction", billing_month=NOVEMBER),
        line(8, used=8 * HOUR),
    )
    moved = transfers(lines.filter(pl.col("charge_class").is_null()), Policy("weighted"))
    problem = {"subject": "B200", "valid_from": datetime(2026, 11, 1), "valid_to": None,
               "problem": "no price of B200 is valid then", "remedy": "add one"}  # fmt: skip
    times = {"valid_from": pl.Datetime("us"), "valid_to": pl.Datetime("us")}
    return {
        "meta": pl.DataFrame([{"currency": "EUR", "timezone": "Europe/Berlin", "facts_to": FACTS_TO}]),
        "cost_line": lines,
        "cost_transfer": moved.with_columns(
            pl.col("month").alias("billing_month"), pl.lit(None, dtype=pl.String).alias("charge_class")
        ),
        "allocation_policy": pl.DataFrame([{"basis": "max", "idle_split": "weighted", "idle_by": "node"}]),
        "cost_problem": pl.DataFrame([problem], schema_overrides=times),
        "closing": pl.DataFrame([
            {"month": OCTOBER, "status": "closed", "closed_at": datetime(2026, 11, 6), "published_version": "v000007",
             "total": Decimal("20.00")},
            {"month": NOVEMBER, "status": "open", "closed_at": None, "published_version": None, "total": None},
        ]),
    }  # fmt: skip


def make(directory: Path, **replaced: pl.DataFrame | None) -> str:
    """Publish the tables below `directory`; one given as None is left out."""
    found = {name: frame for name, frame in {**tables(), **replaced}.items() if frame is not None}
    return publish(directory, found, NOON)
