"""What every kind of source is: settings that open into something that can be checked and collected.

A new kind is one package: `settings.SETTINGS`, a subclass of `SourceSettings` whose `type` is a literal, and
`source.SOURCE`, which makes a `Source` of such settings; `collector.kinds` finds it. Sources share nothing else:
intervals, retries and watermarks are theirs, because they differ for good reasons (Prometheus has windows, Airflow has
request times, files have names).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import import_module
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from warehouse.database import Warehouse
from warehouse.interval import Interval

Progress = Callable[[str, float], None]
"""Called with what is being done and the share done so far (0..1); must be cheap and must not raise."""

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def _duration(value: Any) -> Any:
    if isinstance(value, str) and value[-1:] in UNITS and value[:-1].isdigit():
        return timedelta(seconds=int(value[:-1]) * UNITS[value[-1]])
    if isinstance(value, timedelta):
        return value
    raise ValueError("expected a duration such as 30s, 5m, 6h, 30d or 2w")


Duration = Annotated[timedelta, BeforeValidator(_duration, json_schema_input_type=str)]
"""A duration in Prometheus' notation with one unit: 30s, 5m, 6h, 30d, 2w."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What one pass stored. `rows` counts fact rows, `notes` are findings for people (never errors)."""

    source: str
    interval: Interval | None
    rows: int
    notes: tuple[str, ...] = field(default=())


class Source(Protocol):
    """One configured source, ready to be asked."""

    name: str

    def check(self) -> list[str]:
        """Reach the source and say in short lines what was found. Raises SourceError."""

    def collect(self, warehouse: Warehouse, interval: Interval | None, now: datetime, progress: Progress) -> Collected:
        """Store what is new since the watermark, or exactly `interval` when it is given; idempotent.

        Raises SourceError; what was stored before the error stays, complete windows only.
        """


class SourceSettings(BaseModel):
    """What all sources have in the configuration. Subclasses add `type: Literal["..."]` and their own keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", description="Your name for this source, unique.")
    every: Duration = Field(default=timedelta(minutes=5), description="How often the service collects it.")

    @property
    @abstractmethod
    def facts(self) -> tuple[str, ...]:
        """The fact tables that this source fills, so that a KPI can tell `no_data` from `not_collected`."""

    def open(self) -> Source:
        """The source itself: `SOURCE` of the module `source` beside these settings, imported only now with its client.

        Reads secrets when it needs them; opens no connection yet.
        """
        package = type(self).__module__.rpartition(".")[0]
        source: Source = import_module(f"{package}.source").SOURCE(self)
        return source
