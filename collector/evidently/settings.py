"""What the configuration says about an Evidently workspace."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from collector.source import Duration, SourceSettings


class EvidentlySettings(SourceSettings):
    """A workspace folder of Evidently 0.6 or later, on a disk that this machine can read."""

    type: Literal["evidently"]
    path: Path = Field(description="The workspace: the folder that Workspace.create or `evidently ui` was given.")
    timezone: str = Field(
        default="UTC",
        description="Zone of timestamps that name none: Evidently writes the local time of the machine it ran on.",
    )
    backfill: Duration = Field(
        default=timedelta(days=90), description="How old, by the file's time, a snapshot may be that was never read."
    )

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is no time zone; expected a name such as Europe/Berlin") from error
        return value

    @property
    def facts(self) -> tuple[str, ...]:
        return ("drift_score",)


SETTINGS = EvidentlySettings
