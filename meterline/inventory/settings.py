"""The rest of the configuration that analytics read: the report, sources, regions, SKUs of the bill, token weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from meterline.config.model import Billing, Cluster, Report, TokenWeights
from meterline.config.prices import Rate
from meterline.inventory.frame import frame
from meterline.inventory.money import MONEY
from meterline.inventory.owners import placed
from meterline.openslo.slos import Indicator


def report_frame(report: Report) -> pl.DataFrame:
    """The table report_setting, one row."""
    return frame({"currency": pl.String, "timezone": pl.String}, [(report.currency, report.timezone)])


BUILTIN = "builtin"
OWN_FACTS = ("on_call_incident", "runbook_check")
"""What the service itself fills, under the source name `meterline`, when it sends alerts."""


def source_frame(
    sources: Sequence[Any], indicators: Sequence[Indicator] = (), *, alerting: bool = False
) -> pl.DataFrame:
    """The table configured_source: each fact that each source fills, counts of indicators among them.

    What the service makes itself has the type `builtin`: indicators of facts, and with `alerting` our own pages.
    """
    columns = {"source": pl.String, "type": pl.String, "fact": pl.String}
    rows = [(one.name, str(one.type), fact) for one in sources for fact in one.facts]
    types = {one.name: str(one.type) for one in sources}
    counted = dict.fromkeys(one.source for one in indicators)
    rows += [(name, types.get(name, BUILTIN), "sli_count") for name in counted]
    return frame(columns, [*rows, *(("meterline", BUILTIN, fact) for fact in OWN_FACTS if alerting)])


def cluster_region_frame(clusters: Sequence[Cluster]) -> pl.DataFrame:
    """The table cluster_region."""
    return frame({"cluster": pl.String, "region": pl.String}, ((one.name, one.region) for one in clusters))


def billing_sku_frame(billing: Billing) -> pl.DataFrame:
    """The table billing_sku; of several patterns that match, the lowest position is meant: names before patterns."""
    skus = [(one.sku, (one.resource or ("gpu" if one.model else None), one.model)) for one in billing.skus]
    columns = {"pattern": pl.String, "position": pl.Int32, "kind": pl.String, "gpu_model": pl.String}
    return frame(columns, ((pattern, position, kind, model) for pattern, (kind, model), position in placed(skus)))


def token_weight_frame(weights: TokenWeights) -> pl.DataFrame:
    """The table token_weight: in, out and cached, as the token counts are named."""
    rows = (("in", weights.input), ("out", weights.output), ("cached", weights.cached))
    return frame({"token": pl.String, "weight": pl.Decimal(12, 6)}, rows)


def currency_rate_frame(rates: Sequence[Rate]) -> pl.DataFrame:
    """The table currency_rate: the report currency for one unit of another, on a UTC day."""
    columns = {"currency": pl.String, "day": pl.Date, "rate": MONEY}
    return frame(columns, ((one.currency, one.date, one.rate) for one in rates))
