"""What a service level indicator asks of a Prometheus server: the parsed rows of the inventory table `sli_indicator`.

A definition is data that OpenSLO files were turned into; what its queries mean is said here, how they become counts of
good and valid events in `slices`. Nothing is asked of a server in this module.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from warehouse.database import Warehouse
from warehouse.errors import ConfigurationError

MINUTE = timedelta(minutes=1)
MAX_BACKFILL = timedelta(days=30)


class Ratio(BaseModel):
    """Good (or bad) and all valid events. `counter`: the queries give counters, whose increases count; a plain selector
    is best, for a sum of counters falls when one of them goes away. Otherwise the value at a minute's end is its count.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    total: str = Field(min_length=1)
    good: str | None = None
    bad: str | None = None
    counter: bool = False

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.good is None) == (self.bad is None):
            raise ValueError("expected either good or bad")
        return self

    @property
    def queries(self) -> tuple[str, ...]:
        """The good or bad one, and the total."""
        return self.good or self.bad or "", self.total


class Raw(BaseModel):
    """A share 0..1 of the minute that was good (`success`) or bad (`failure`): a minute counts as one event."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    raw: str = Field(min_length=1)
    type: Literal["success", "failure"]

    @property
    def queries(self) -> tuple[str, ...]:
        return (self.raw,)


class Threshold(BaseModel):
    """A minute is good when the query's value compares with `value` as `op` says: it counts as one event."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    query: str = Field(min_length=1)
    op: Literal["lte", "lt", "gte", "gt"]
    value: float

    @property
    def queries(self) -> tuple[str, ...]:
        return (self.query,)


Definition = Ratio | Raw | Threshold
KINDS: Mapping[str, type[Ratio] | type[Raw] | type[Threshold]] = {"ratio": Ratio, "raw": Raw, "threshold": Threshold}


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator of one source. `backfill`: how far back its first collection reaches (the longest window of its
    objectives); `text`: the definition as canonical JSON, by which a changed one is told.
    """

    sli: str
    definition: Definition
    backfill: timedelta = MAX_BACKFILL

    @classmethod
    def parse(
        cls, sli: str, kind: str, definition: str | Mapping[str, Any], backfill: timedelta = MAX_BACKFILL
    ) -> Self:
        """An indicator from its row. Raises ConfigurationError naming the indicator and what is wrong with it."""
        if kind not in KINDS:
            raise ConfigurationError(
                f"indicator {sli} has the kind {kind!r}, which is not made of queries", f"use {', '.join(KINDS)}"
            )
        try:
            fields = json.loads(definition) if isinstance(definition, str) else definition
            return cls(sli, KINDS[kind].model_validate(fields), backfill)
        except (ValidationError, json.JSONDecodeError) as error:
            raise ConfigurationError(f"indicator {sli} is not valid: {error}") from error

    @property
    def stream(self) -> str:
        """The name of its watermark."""
        return f"sli:{self.sli}"

    @property
    def text(self) -> str:
        return json.dumps(self.definition.model_dump(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def indicators_of(warehouse: Warehouse, source: str) -> list[Indicator]:
    """The indicators that `sli_indicator` has of a Prometheus source, by name.

    Raises ConfigurationError for a definition that is not valid.
    """
    rows = warehouse.query(
        """
        SELECT i.sli, i.kind, i.definition,
               max(coalesce(o.window_s, o.calendar_count * CASE o.calendar_unit WHEN 'd' THEN 1 WHEN 'w' THEN 7
                   WHEN 'M' THEN 31 WHEN 'Q' THEN 92 ELSE 366 END * 86400)) AS window_s
        FROM sli_indicator AS i LEFT JOIN slo_objective AS o ON o.sli = i.sli
        WHERE i.source = $source GROUP BY i.sli, i.kind, i.definition ORDER BY i.sli
        """,
        {"source": source},
    )
    return [
        Indicator.parse(sli, kind, definition, _backfill(window_s)) for sli, kind, definition, window_s in rows.rows()
    ]


def _backfill(window_s: int | None) -> timedelta:
    return MAX_BACKFILL if window_s is None else min(timedelta(seconds=int(window_s)), MAX_BACKFILL)
