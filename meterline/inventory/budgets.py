"""What teams and services may spend, and at which shares of it something is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

import polars as pl

from meterline.config.services import Service
from meterline.config.teams import Budget, Team
from meterline.inventory.frame import frame

Amount = tuple[str, str, Decimal, Budget]
"""Scope (`team:search`, `service:chat`), period (month, quarter), what may be spent in it, as written."""


def budget_frame(teams: Sequence[Team], services: Sequence[Service]) -> pl.DataFrame:
    """The table budget."""
    columns = {"scope": pl.String, "period": pl.String, "amount": pl.Decimal(18, 2)}
    return frame(columns, ((scope, period, amount) for scope, period, amount, _ in _amounts(teams, services)))


def budget_threshold_frame(teams: Sequence[Team], services: Sequence[Service]) -> pl.DataFrame:
    """The table budget_threshold."""
    columns = {"scope": pl.String, "period": pl.String, "threshold": pl.Decimal(6, 4)}
    return frame(
        columns,
        (
            (scope, period, threshold)
            for scope, period, _, budget in _amounts(teams, services)
            for threshold in sorted(budget.thresholds)
        ),
    )


def _amounts(teams: Sequence[Team], services: Sequence[Service]) -> Iterator[Amount]:
    scopes = [(f"team:{team.name}", team.budget) for team in teams]
    scopes += [(f"service:{service.name}", service.budget) for service in services]
    for scope, budget in scopes:
        if budget is not None:
            for period, amount in (("month", budget.monthly), ("quarter", budget.quarterly)):
                if amount is not None:
                    yield scope, period, amount, budget
