"""The configuration as tables of the warehouse, so that analytics join teams, services and prices like any fact.

Written as a whole in one transaction each time a command that collects or analyses starts; the file stays the truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import polars as pl

from meterline.config.glob import is_literal, to_regex
from meterline.config.model import Config, GpuPrice
from warehouse.database import Warehouse
from warehouse.interval import naive


def store_inventory(warehouse: Warehouse, config: Config) -> None:
    """Put what `config` says in place of the inventory tables (see warehouse/migrations/0003_inventory.sql)."""
    with warehouse.transaction() as tx:
        for table, frame in inventory(config).items():
            tx.replace_all(table, frame)


def inventory(config: Config) -> dict[str, pl.DataFrame]:
    """The inventory tables by name.

    Patterns are anchored regular expressions. Positions say which of several matches is meant, the lowest: namespaces
    written out come before patterns, everything else is in the order of the file.
    """
    owners = [(pattern, team.name) for team in config.teams for pattern in team.namespaces]
    owners.sort(key=lambda owner: not is_literal(owner[0]))
    return {
        "team": _frame(
            {"team": pl.String, "cost_center": pl.String, "monthly_budget": pl.Decimal(18, 2)},
            [(team.name, team.cost_center, team.budget.monthly if team.budget else None) for team in config.teams],
        ),
        "namespace_owner": _frame(
            {"pattern": pl.String, "team": pl.String, "position": pl.Int32},
            [(to_regex(pattern), team, position) for position, (pattern, team) in enumerate(owners)],
        ),
        "service": _frame(
            {
                "service": pl.String,
                "team": pl.String,
                "tier": pl.Int32,
                "path": pl.String,
                "model": pl.String,
                "drift_every_s": pl.Int64,
                "latency_threshold_s": pl.Float64,
            },
            [
                (
                    service.name,
                    service.team,
                    service.tier,
                    service.path,
                    service.model or _literal(service.match.model_name),
                    int(service.drift.every.total_seconds()),
                    service.latency.threshold.total_seconds() if service.latency else None,
                )
                for service in config.services
            ],
        ),
        "service_match": _frame(
            {"service": pl.String, "field": pl.String, "pattern": pl.String, "position": pl.Int32},
            [
                (service.name, field, to_regex(pattern), position)
                for position, service in enumerate(config.services)
                for field, pattern in service.match.model_dump(exclude_none=True).items()
            ],
        ),
        "gpu_price": _frame(
            {
                "gpu_model": pl.String,
                "price": pl.Decimal(12, 6),
                "valid_from": pl.Datetime("us"),
                "valid_to": pl.Datetime("us"),
            },
            [
                (price.model, price.price, naive(price.start), end and naive(end))
                for price, end in price_ends(config.prices.gpu_hour)
            ],
        ),
        "report_setting": _frame(
            {"currency": pl.String, "timezone": pl.String}, [(config.report.currency, config.report.timezone)]
        ),
        "configured_source": _frame(
            {"source": pl.String, "type": pl.String, "fact": pl.String},
            [(source.name, _type(source), fact) for source in config.sources for fact in source.facts],
        ),
    }


def price_ends(prices: Sequence[GpuPrice]) -> list[tuple[GpuPrice, datetime | None]]:
    """Each price with the end of its validity: its own, else the next `from` of its model, else None (open)."""
    ends = []
    for price in prices:
        later = [one.start for one in prices if one.model == price.model and one.start > price.start]
        ends.append((price, price.end or min(later, default=None)))
    return ends


def _literal(pattern: str | None) -> str | None:
    return pattern if pattern is not None and is_literal(pattern) else None


def _type(source: Any) -> str:
    return str(source.type)


def _frame(schema: dict[str, Any], rows: Sequence[tuple[Any, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema, orient="row")
