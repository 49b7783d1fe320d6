"""What rules are evaluated over: SELECTs on published results, and how fast the budgets of objectives burn."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from alerts.rules.model import Rule
from alerts.rules.published import published_signals
from alerts.rules.signal import Signals, SignalSource
from analytics.reliability.signal import burn_signal
from meterline.config.model import Config
from warehouse.database import Warehouse
from warehouse.interval import floor, naive
from warehouse.published import Published

MINUTE = timedelta(minutes=1)


def signals(config: Config, published: Published | None, warehouse: Warehouse | None) -> Signals:
    """The sources by kind: `sql` needs something published, `slo` needs the warehouse, which one process owns."""
    found: dict[str, SignalSource] = {}
    if published is not None:
        found.update(published_signals(published))
    if warehouse is not None:

        def burning(rule: Rule, since: datetime, until: datetime) -> pl.DataFrame:
            return burn_signal(warehouse.query, naive(floor(since, MINUTE)), naive(floor(until, MINUTE)))

        found["slo"] = burning
    return found
