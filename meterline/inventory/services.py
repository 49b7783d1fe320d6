"""Models in production as tables: who owns them and how their traffic is recognised."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from meterline.config.glob import is_literal, to_regex
from meterline.config.services import Service
from meterline.inventory.frame import frame


def service_frame(services: Sequence[Service]) -> pl.DataFrame:
    """The table service; a model that is matched by a pattern has no name."""
    columns = {"service": pl.String, "team": pl.String, "tier": pl.Int32, "path": pl.String, "model": pl.String,
               "drift_every_s": pl.Int64, "latency_threshold_s": pl.Float64}  # fmt: skip
    return frame(
        columns,
        (
            (one.name, one.team, one.tier, one.path, one.model or _literal(one.match.model_name),
             int(one.drift.every.total_seconds()), one.latency.threshold.total_seconds() if one.latency else None)
            for one in services
        ),
    )  # fmt: skip


def service_match_frame(services: Sequence[Service]) -> pl.DataFrame:
    """The table service_match; positions are the order of the file."""
    columns = {"service": pl.String, "field": pl.String, "pattern": pl.String, "position": pl.Int32}
    return frame(
        columns,
        (
            (service.name, field, to_regex(pattern), position)
            for position, service in enumerate(services)
            for field, pattern in service.match.model_dump(exclude_none=True).items()
        ),
    )


def _literal(pattern: str | None) -> str | None:
    return pattern if pattern is not None and is_literal(pattern) else None
