"""What a rule is evaluated over: a source of rows, asked for an interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import polars as pl

from alerts.rules.model import Rule
from warehouse.errors import MeterlineError

SignalSource = Callable[[Rule, datetime, datetime], pl.DataFrame]
"""Rows with since <= ts < until (aware UTC) of a rule's signal: ts, its labels, value [, threshold, other columns]."""

Signals = Mapping[str, SignalSource]
"""Sources by `Signal.kind`: `sql`, `slo`."""


class SignalInactive(MeterlineError):
    """There is nothing to evaluate the rule over yet: no error, and nothing changes."""


def source_of(rule: Rule, signals: Signals) -> SignalSource:
    """The source of the rule's signal. Raises SignalInactive when nobody gave one."""
    source = signals.get(rule.signal.kind)
    if source is None:
        raise SignalInactive(f"nothing here gives signals of the kind {rule.signal.kind}")
    return source
