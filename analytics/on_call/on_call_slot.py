"""The pieces of time in which one shift is on call and it is either night or not.

---
kind: intermediate
question: Whose shift is it at each moment, and is it an hour of sleep?
formula: >
  shifts of shift_hours from shift_start_hour on, cut also where sleep begins and ends, all by the clock of the report's
  time zone: where clocks change, a shift has an hour more or less
source: on_call_clock
missing: no piece before the shift of the first incident
reads: [on_call_clock]
---
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

DAY = timedelta(days=1)
SCHEMA = pl.Schema({
    "slot_start": pl.Datetime("us"), "slot_end": pl.Datetime("us"), "shift_start": pl.Datetime("us"),
    "shift_end": pl.Datetime("us"), "shift": pl.String(), "sleep": pl.Boolean(),
})  # fmt: skip


def compute(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Adjoining half-open pieces, naive UTC; `shift` is its beginning on the local clock, `2026-11-20 08:00`."""
    clock = tables["on_call_clock"].to_dicts()
    if not clock or clock[0]["first_at"] is None:
        return pl.DataFrame(schema=SCHEMA)
    at = clock[0]
    rows = slots(
        at["first_at"], max(at["now"], at["first_at"]), ZoneInfo(at["timezone"]), at["shift_start_hour"],
        at["shift_hours"], (at["sleep_from_hour"], at["sleep_to_hour"]),
    )  # fmt: skip
    return pl.DataFrame(list(rows), schema=SCHEMA, orient="row")


def slots(
    first: datetime, last: datetime, zone: ZoneInfo, start_hour: int, hours: int, sleep: tuple[int, int]
) -> Iterator[tuple[datetime, datetime, datetime, datetime, str, bool]]:
    """Rows of `SCHEMA` from the shift that `first` lies in to the one that `last` lies in; both naive UTC."""
    begin = first.replace(tzinfo=UTC).astimezone(zone).date() - DAY
    end = last.replace(tzinfo=UTC).astimezone(zone).date() + DAY
    days = [begin + number * DAY for number in range((end - begin).days + 1)]
    starts = {_utc(day, hour, zone) for day in days for hour in range(24) if (hour - start_hour) % hours == 0}
    edges = starts | {_utc(day, hour, zone) for day in days for hour in sleep}
    shifts = sorted(starts)
    ordered = sorted(edges)
    for shift_start, shift_end in zip(shifts, shifts[1:], strict=False):  # noqa: RUF007 - pairs of neighbours
        if shift_end <= first or shift_start > last:
            continue
        inside = [edge for edge in ordered if shift_start <= edge <= shift_end]
        name = shift_start.replace(tzinfo=UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M")
        for slot_start, slot_end in zip(inside, inside[1:], strict=False):  # noqa: RUF007
            hour = slot_start.replace(tzinfo=UTC).astimezone(zone).hour
            yield slot_start, slot_end, shift_start, shift_end, name, asleep(hour, *sleep)


def asleep(hour: int, sleep_from: int, sleep_to: int) -> bool:
    """Whether the hour of a clock is in [from, to), which may go over midnight; equal hours are no sleep at all."""
    if sleep_from <= sleep_to:
        return sleep_from <= hour < sleep_to
    return hour >= sleep_from or hour < sleep_to


def _utc(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour), zone).astimezone(UTC).replace(tzinfo=None)
