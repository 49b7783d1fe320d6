"""The rows of a signal as readings: checked, in order of time, each with the series that it belongs to.

An interval overlaps the one before it, so most rows were read before: those are dropped here, a column at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import polars as pl

from alerts.rules.machine import Reading, RuleState
from alerts.rules.model import Rule
from alerts.rules.wording import plain
from warehouse.errors import MeterlineError
from warehouse.interval import naive

NO_SERIES = ""
"""The series of a row whose labels are all NULL: it says that the signal went on to this time, and nothing else."""

TIME = pl.Datetime("us")
SERIES, LAST = "_series", "_last"
"""Columns of ours beside those of the signal: a row's series, and the time of that series' last known reading."""


@dataclass(frozen=True, slots=True)
class Readings:
    """Readings in the order in which they count, and for each its series: its labels as JSON with sorted keys.

    `times` are the distinct times of all rows; `stamps` has the time of every row of a series, `dropped` that of those
    that are not newer than their series.
    """

    frame: pl.DataFrame
    series: tuple[str, ...]
    readings: tuple[Reading, ...]
    times: tuple[datetime, ...]
    stamps: pl.Series
    dropped: pl.Series

    def __iter__(self) -> Iterator[tuple[str, Reading]]:
        return iter(zip(self.series, self.readings, strict=True))

    def __len__(self) -> int:
        return len(self.stamps)

    def since(self, at: datetime) -> int:
        """How many rows of series there are from `at` on."""
        return int((self.stamps >= naive(at)).sum())

    def dropped_since(self, at: datetime) -> int:
        """How many of them were dropped."""
        return int((self.dropped >= naive(at)).sum())

    def fields(self, row: int) -> dict[str, Any]:
        """All columns of one row, for texts."""
        return {name: value for name, value in self.frame.row(row, named=True).items() if name not in (SERIES, LAST)}


def readings(rule: Rule, frame: pl.DataFrame, states: Mapping[str, RuleState] | None = None) -> Readings:
    """The rows of `frame`, without those that are not newer than the state of their series.

    Of two rows of one series and time the one that is further over comes first. Raises MeterlineError when a column is
    missing or has no such type.
    """
    missing = [name for name in ("ts", "value", *rule.labels) if name not in frame.columns]
    if missing:
        raise MeterlineError(
            f"the signal of the rule {rule.name} has no column {', '.join(missing)}",
            f"it gives {', '.join(frame.columns) or 'nothing'}",
        )
    every = _with_series(rule, _typed(rule, frame), states or {})
    is_old = every["ts"] <= every[LAST]  # NULL, so not dropped, where the series is new
    above = rule.op in (">", ">=")
    new = (
        every.lazy()
        .filter(is_old.fill_null(False).not_())
        .sort("ts", SERIES, "value", descending=[False, False, above], nulls_last=True)
        .collect()
    )
    limits = new["threshold"].to_list() if "threshold" in new.columns else [None] * new.height
    made = map(Reading, _aware(new["ts"]), new["value"].to_list(), limits)
    return Readings(
        new, tuple(new[SERIES].to_list()), tuple(made), tuple(_aware(every["ts"].unique().sort())),
        every["ts"].filter(every[SERIES] != NO_SERIES), every["ts"].filter(is_old),
    )  # fmt: skip


def _aware(stamps: pl.Series) -> list[datetime]:
    return [at.replace(tzinfo=UTC) for at in stamps.to_list()]


def _with_series(rule: Rule, frame: pl.DataFrame, states: Mapping[str, RuleState]) -> pl.DataFrame:
    names = sorted(rule.labels)
    if not names:
        return frame.with_columns(pl.lit("{}").alias(SERIES), pl.lit(_last(states, "{}"), dtype=TIME).alias(LAST))
    known = frame.select(names).unique()
    series = [_named(names, labels) for labels in known.iter_rows()]
    lasts = pl.Series(LAST, [_last(states, one) for one in series], dtype=TIME)
    return frame.join(
        known.with_columns(pl.Series(SERIES, series, dtype=pl.String), lasts), on=names, how="left", nulls_equal=True
    )


def _last(states: Mapping[str, RuleState], series: str) -> datetime | None:
    state = states.get(series)
    return naive(state.at) if state is not None and state.at is not None else None


def _named(names: list[str], labels: tuple[Any, ...]) -> str:
    if all(value is None for value in labels):
        return NO_SERIES
    return orjson.dumps({name: plain(value) for name, value in zip(names, labels, strict=True)}).decode()


def _typed(rule: Rule, frame: pl.DataFrame) -> pl.DataFrame:
    kind = frame.schema["ts"]
    if isinstance(kind, pl.Datetime):
        ts = pl.col("ts").dt.convert_time_zone("UTC").dt.replace_time_zone(None) if kind.time_zone else pl.col("ts")
    elif kind in (pl.Date, pl.Null):
        ts = pl.col("ts").cast(TIME)
    else:
        raise MeterlineError(f"ts of the rule {rule.name} is {kind}", "expected a TIMESTAMP")
    numbers = [name for name in ("value", "threshold") if name in frame.columns]
    typed = [ts.cast(TIME), *(pl.col(name).cast(pl.Float64).fill_nan(None) for name in numbers)]
    try:
        return frame.lazy().with_columns(typed).filter(pl.col("ts").is_not_null()).collect()
    except pl.exceptions.PolarsError as error:
        raise MeterlineError(
            f"value or threshold of the rule {rule.name} is no number ({str(error).splitlines()[0]})",
            "cast it to DOUBLE in the signal",
        ) from error
