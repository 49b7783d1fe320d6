"""What the configuration says about a folder of FOCUS files."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field

from collector.source import Duration, SourceSettings


class FocusSettings(SourceSettings):
    """FOCUS 1.0 to 1.2 files (.csv, .csv.gz, .parquet) on a disk that this machine can read."""

    type: Literal["focus"]
    path: Path = Field(description="A file, a folder (with all below it) or a pattern such as billing/**/*.csv.gz.")
    every: Duration = Field(default=timedelta(hours=1), description="How often the service looks for new files.")
    superseded: tuple[str, ...] = Field(
        default=(), description="Patterns of files that a later delivery replaced: their rows are taken out again."
    )

    @property
    def facts(self) -> tuple[str, ...]:
        return ("billing_charge",)


SETTINGS = FocusSettings
