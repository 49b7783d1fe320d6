"""Rows as the frames that the warehouse stores: naive times, open bounds as null."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import polars as pl

from meterline.inventory.timeline import BEGINNING, FOREVER, Span
from warehouse.interval import naive

VALIDITY = {"valid_from": pl.Datetime("us"), "valid_to": pl.Datetime("us")}


def frame(columns: Mapping[str, Any], rows: Iterable[tuple[Any, ...]]) -> pl.DataFrame:
    """A frame with the polars types `columns`, also without rows."""
    return pl.DataFrame(list(rows), schema=pl.Schema(columns), orient="row")


def bounds(span: Span) -> tuple[datetime | None, datetime | None]:
    """`(valid_from, valid_to)` of the warehouse."""
    start = None if span.start == BEGINNING else naive(span.start)
    return start, None if span.end == FOREVER else naive(span.end)
