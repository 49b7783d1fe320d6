"""Signals that are a SELECT over one published version."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from alerts.rules.model import Rule
from alerts.rules.query import tables_of
from alerts.rules.signal import SignalInactive, Signals
from warehouse.errors import MeterlineError, WarehouseError
from warehouse.interval import naive
from warehouse.published import Published


def published_signals(published: Published) -> Signals:
    """Signals of the kind `sql`, from this version."""

    def rows(rule: Rule, since: datetime, until: datetime) -> pl.DataFrame:
        assert rule.signal.sql is not None
        missing = sorted(tables_of(rule.signal.sql) - set(published.tables))
        if missing:
            raise SignalInactive(f"{published.version} has no table {', '.join(missing)}")
        try:
            return published.query(rule.signal.sql, {"since": naive(since), "until": naive(until)})
        except WarehouseError as error:
            cause = str(error.__cause__ or error.message).splitlines()[0]
            raise MeterlineError(f"the query of the rule {rule.name} failed: {cause}", "correct its signal") from error

    return {"sql": rows}
