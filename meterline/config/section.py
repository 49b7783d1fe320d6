"""What all parts of the configuration are: closed mappings, some of them valid only for a time."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field

from meterline.config.values import Boundary

EVER = datetime.max.replace(tzinfo=UTC)
NEVER = datetime.min.replace(tzinfo=UTC)


class Section(BaseModel):
    """A mapping in the file: frozen once read, and closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


class Validity(Section):
    """What holds in `[from, to)`: without `from` since ever, without `to` for good."""

    start: Boundary | None = Field(default=None, alias="from")
    end: Boundary | None = Field(default=None, alias="to")

    def common(self, other: Validity) -> tuple[datetime | None, datetime | None] | None:
        """The bounds of the time in which both hold (None: unbounded), or None when there is none."""
        start = max(self.start or NEVER, other.start or NEVER)
        end = min(self.end or EVER, other.end or EVER)
        return (None if start == NEVER else start, None if end == EVER else end) if start < end else None


class Dated(Validity):
    """What holds from a moment that must be named."""

    start: Boundary = Field(alias="from")
