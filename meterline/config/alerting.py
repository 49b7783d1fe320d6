"""The key `alerting`: where alerts go, which rules make them, and what a page must have."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from collector.source import Duration
from meterline.config.section import Section


class Heartbeat(Section):
    """A dead man's switch: this address hears from us for as long as alerts are evaluated."""

    url: str = Field(pattern=r"^https?://", description="What is asked with POST.")
    every: Duration = timedelta(minutes=5)


class Alerting(Section):
    """Alertmanager's own configuration file, or Alertmanagers to push to; never both, so no page comes twice."""

    file: Path | None = Field(default=None, description="Alertmanager's own file: routes, receivers, inhibition.")
    alertmanager: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="All peers of an Alertmanager cluster, each by its own address."
    )
    matchers: Literal["fallback", "classic", "utf8"] = Field(
        default="fallback", description="How matchers are read: as Alertmanager 0.27 and newer, older, or UTF-8 only."
    )
    rules: tuple[Path, ...] = Field(default=(), description="Files of rules, as globs; they add to and override ours.")
    owner: str | None = Field(
        default=None, min_length=1, description="Who acts on pages of rules that name nobody; without it those are off."
    )
    require: tuple[Literal["owner", "runbook_url"], ...] = Field(
        default=("owner", "runbook_url"), description="What a rule that pages must have."
    )
    external_url: str | None = Field(
        default=None, pattern=r"^https?://", description="How people reach this API: the links in messages begin so."
    )
    heartbeat: Heartbeat | None = None
    keep: Duration = Field(default=timedelta(days=400), description="How long the history of alerts is kept.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.file is None) == (self.alertmanager is None):
            raise ValueError("expected a file name, or {alertmanager: [http://alertmanager:9093]}")
        return self


def file_or_push(value: Any) -> Any:
    """A file's name alone stands for `{file: name}`."""
    return {"file": value} if isinstance(value, str) else value
