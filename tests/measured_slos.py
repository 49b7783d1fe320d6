"""A warehouse with indicators, objectives and rules as the collector and the files give them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from warehouse.database import Warehouse
from warehouse.interval import Interval

MINUTE = timedelta(minutes=1)
OBJECTIVE: dict[str, Any] = {
    "objective": "99", "title": None, "service": "chat", "team": "search", "tier": 1, "target": Decimal("0.99"),
    "method": "Occurrences", "slice_target": None, "slice_s": None, "empty_slices": "excluded",
    "window_kind": "rolling", "window_s": 30 * 86400, "calendar_count": None, "calendar_unit": None,
    "calendar_start": None, "calendar_zone": None, "grain_s": 60, "owner": "ann", "runbook_url": "https://runbook",
}  # fmt: skip
RULE: dict[str, Any] = {
    "rule": "page_quick", "severity": "page", "budget": 0.02, "long_s": 3600, "short_s": 300, "factor": 14.4,
    "min_bad": 0.0,
}  # fmt: skip

Count = tuple[datetime, float, float]


def declare(warehouse: Warehouse, slos: dict[str, dict[str, Any]], rules: Sequence[dict[str, Any]] = (RULE,)) -> None:
    """SLOs by name, what differs from OBJECTIVE given; each is measured by the indicator of its name, or its `sli`."""
    objectives = [{**OBJECTIVE, "sli": name, **more, "slo": name} for name, more in slos.items()]
    schema = {"target": pl.Decimal(18, 12), "slice_target": pl.Float64, "slice_s": pl.Int64, "calendar_count": pl.Int32}
    slis = {one["sli"]: one["grain_s"] for one in objectives}
    with warehouse.transaction() as tx:
        tx.replace_all("slo_objective", pl.DataFrame(objectives, schema_overrides=schema, infer_schema_length=None))
        tx.replace_all(
            "slo_burn_rule",
            pl.DataFrame([
                {**RULE, **rule, "slo": one["slo"], "objective": one["objective"]}
                for one in objectives for rule in rules
            ], infer_schema_length=None),
        )  # fmt: skip
        tx.replace_all("sli_indicator", pl.DataFrame([
            {"sli": sli, "source": "prod", "kind": "ratio", "definition": "{}", "grain_s": grain}
            for sli, grain in slis.items()
        ]))  # fmt: skip


def measure(warehouse: Warehouse, sli: str, counts: Iterable[Count], source: str = "prod") -> None:
    """Store (minute, good, total) of one indicator."""
    frame = pl.DataFrame(
        [{"sli": sli, "ts": at, "good": float(good), "total": float(total)} for at, good, total in counts]
    )
    first, last = frame["ts"].min(), frame["ts"].max()
    assert isinstance(first, datetime)
    assert isinstance(last, datetime)
    interval = Interval(first.replace(tzinfo=UTC), last.replace(tzinfo=UTC) + MINUTE)
    with warehouse.transaction() as tx:
        tx.replace_window("sli_count", {"source": source, "sli": sli}, interval, frame)


def steady(start: datetime, minutes: int, total: float, bad: float = 0.0, every: int = 1) -> list[Count]:
    """The same counts in each of so many minutes, or in each `every`th."""
    return [(start + n * MINUTE, total - bad, total) for n in range(0, minutes, every)]
