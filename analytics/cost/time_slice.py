"""The pieces of time in which nothing that a cost depends on changes.

---
kind: intermediate
question: At which moments must costs be cut, so that within a piece price, owner, rate and report day are one?
formula: >
  UTC midnights, midnights of the report's time zone (so a day of 23 or 25 hours has them), and every moment at which a
  price, a currency rate, a commitment or an owner begins or ends
source: report_setting and cost_boundary of the configuration; changed_day says from when there are facts
missing: no piece before the first fact; the last piece ends with the day that now lies in
reads: [report_setting, cost_boundary, changed_day, fact_span]
---
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

DAY = timedelta(days=1)
BILLED = ("billing_charge",)
"""Facts that do not stretch the time that is metered: a bill may reach back for years."""

SCHEMA = pl.Schema({
    "day": pl.Date(), "slice_start": pl.Datetime("us"), "slice_end": pl.Datetime("us"), "report_day": pl.Date(),
    "month": pl.Date(),
})  # fmt: skip


def compute(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Adjoining half-open pieces, naive UTC; `report_day` and `month` (its first) are of the report's time zone."""
    days = tables["changed_day"].filter(~pl.col("fact").is_in(BILLED))["day"]
    if days.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    settings = tables["report_setting"]["timezone"].to_list()
    now = tables["fact_span"]["now"].to_list()
    first, last = days.min(), max([days.max(), *(moment.date() for moment in now if moment)])
    assert isinstance(first, date)
    assert isinstance(last, date)
    boundaries = tables["cost_boundary"]["ts"].to_list()
    rows = slices(first, last, ZoneInfo(settings[0] if settings else "UTC"), boundaries)
    return pl.DataFrame(list(rows), schema=SCHEMA, orient="row")


def slices(
    first: date, last: date, zone: ZoneInfo, boundaries: list[datetime]
) -> Iterator[tuple[date, datetime, datetime, date, date]]:
    """Rows of `SCHEMA` for the UTC days `first` to `last`, both included."""
    start, end = _midnight(first), _midnight(last + DAY)
    days = range((last - first).days + 2)
    cuts = {start, end, *(_midnight(first + number * DAY) for number in days)}
    cuts |= {_midnight_in(zone, first + (number - 1) * DAY) for number in range(len(days) + 2)}
    cuts |= set(boundaries)
    edges = sorted(cut for cut in cuts if start <= cut <= end)
    for begin, until in zip(edges, edges[1:], strict=False):  # noqa: RUF007 - pairs of neighbours
        there = begin.replace(tzinfo=UTC).astimezone(zone).date()
        yield begin.date(), begin, until, there, there.replace(day=1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time())


def _midnight_in(zone: ZoneInfo, day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), zone).astimezone(UTC).replace(tzinfo=None)
