"""Burn rates of every objective and rule, minute by minute: what alerts on SLOs are decided on.

A reading at `ts` is as of the end of the minute [ts, ts + 1 min). `value` is the smaller burn rate of the two windows
and is above `threshold`, the rule's factor, exactly where the rule's condition holds, windows on the limit included.

- `value` None: nothing was measured in one of the windows, or a page's windows are not full of data. An alert that
  fires goes on, one that does not fire stays so: a collector that stops resolves nothing.
- `value` 0: measured, and no event in one of the windows (nothing burns), or too few for a page (`low_traffic`).

Readings of an indicator end with its last measured slice, as collection lags behind by minutes and not for all by the
same: whoever asks again must ask from a moment before, not from where he asked until.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import astuple, dataclass, field
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analytics.reliability.evaluation import Evaluated, burn_spans_of, evaluate
from analytics.reliability.inventory import Watched, watched
from analytics.reliability.series import EPOCH, Query, minute_of, stored

LABELS = pl.Schema({
    "slo": pl.String(), "objective": pl.String(), "service": pl.String(), "team": pl.String(), "rule": pl.String(),
    "severity": pl.String(), "owner": pl.String(), "runbook_url": pl.String(), "threshold": pl.Float64(),
})  # fmt: skip
SIGNAL = pl.Schema({
    "ts": pl.Datetime("us"), "slo": pl.String(), "objective": pl.String(), "service": pl.String(), "team": pl.String(),
    "rule": pl.String(), "severity": pl.String(), "owner": pl.String(), "runbook_url": pl.String(),
    "value": pl.Float64(), "threshold": pl.Float64(), "burn_long": pl.Float64(), "burn_short": pl.Float64(),
    "window_full": pl.Boolean(), "low_traffic": pl.Boolean(),
})  # fmt: skip
SPANS = pl.Schema({
    "slo": pl.String(), "objective": pl.String(), "rule": pl.String(), "severity": pl.String(),
    "start": pl.Datetime("us"), "end": pl.Datetime("us"), "peak_burn": pl.Float64(), "bad": pl.Float64(),
    "bad_events": pl.Float64(), "ongoing": pl.Boolean(),
})  # fmt: skip


def burn_signal(query: Query, since: datetime, until: datetime, slos: Collection[str] | None = None) -> pl.DataFrame:
    """Readings (`SIGNAL`) of the minutes `[since, until)`, of all SLOs or those named, in the order of `ts`.

    Whole minutes of naive UTC. Thirty days of one objective are 43,200 rows a rule: for figures over long times see
    `burn_spans`.
    """
    made = _Made()
    for one in evaluate(stored(query), _wanted(query, slos), since, until):
        made.add(one)
    return made.frame()


def burn_spans(query: Query, since: datetime, until: datetime, slos: Collection[str] | None = None) -> pl.DataFrame:
    """The times (`SPANS`) within `[since, until)` in which a rule's condition held, in the order of their start."""
    found = evaluate(stored(query), _wanted(query, slos), since, until)
    rows = [astuple(span) for one in found for span in burn_spans_of(one)]
    return pl.DataFrame(rows, schema=SPANS, orient="row").sort("start", "slo", "objective", "rule")


def _wanted(query: Query, slos: Collection[str] | None) -> list[Watched]:
    return watched(query("SELECT * FROM slo_objective", None), query("SELECT * FROM slo_burn_rule", None), slos)


@dataclass
class _Made:
    """Readings as columns; labels are put beside them once, at the end."""

    labels: list[tuple[object, ...]] = field(default_factory=list)
    columns: dict[str, list[NDArray[np.generic]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, one: Evaluated) -> None:
        first, count = minute_of(one.since), len(one.readings.value) - one.offset
        columns: dict[str, NDArray[np.generic]] = {
            "label": np.full(count, len(self.labels), dtype=np.uint32),
            "minute": np.arange(first, first + count, dtype=np.int64),
        }
        for name in ("value", "burn_long", "burn_short", "window_full", "low_traffic"):
            columns[name] = getattr(one.readings, name)[one.offset :]
        for name, values in columns.items():
            self.columns[name].append(values)
        row, rule = one.watched.row, one.rule
        self.labels.append((
            row["slo"], row["objective"], row["service"], row["team"], rule.name, rule.severity, row["owner"],
            row["runbook_url"], rule.factor,
        ))  # fmt: skip

    def frame(self) -> pl.DataFrame:
        if not self.labels:
            return pl.DataFrame(schema=SIGNAL)
        labels = pl.DataFrame(self.labels, schema=LABELS, orient="row")
        rows = pl.DataFrame({name: np.concatenate(parts) for name, parts in self.columns.items()})
        named = pl.concat([labels[rows["label"]], rows], how="horizontal")
        at = (pl.lit(EPOCH) + pl.duration(minutes=pl.col("minute"))).cast(pl.Datetime("us")).alias("ts")
        numbers = [pl.col(name).fill_nan(None) for name in ("value", "burn_long", "burn_short")]
        return named.with_columns(at, *numbers).select(SIGNAL.names()).sort("ts", maintain_order=True)
