"""The thresholds of parameters.yaml, validated, as the `$name` values of analytics."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from analytics.kpi import Rules


class Parameters(BaseModel):
    """See the comments in parameters.yaml for what each one means."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    idle_threshold: float = Field(ge=0, le=1)
    warmup_minutes: int = Field(ge=0)
    low_confidence_n: int = Field(ge=0)
    provisional_hours: int = Field(ge=0)
    stale_minutes: int = Field(gt=0)
    drift_periods: float = Field(gt=0)
    hourly_days: int = Field(gt=0)
    recent_days: int = Field(gt=0)
    projection_days: int = Field(gt=0)
    projection_least_days: float = Field(gt=0, le=1)
    billing_difference: float = Field(gt=0)
    billing_named_skus: int = Field(gt=0)
    engaged_minutes: float = Field(gt=0)
    brief_minutes: float = Field(ge=0)
    judged_share: float = Field(ge=0, le=1)
    noisy_precision: float = Field(ge=0, le=1)
    flap_minutes: int = Field(gt=0)
    repeat_days: int = Field(gt=0)
    runbook_days: int = Field(gt=0)
    on_call_days: int = Field(gt=0)
    shift_hours: Literal[1, 2, 3, 4, 6, 8, 12, 24]
    shift_start_hour: int = Field(ge=0, lt=24)
    sleep_from_hour: int = Field(ge=0, lt=24)
    sleep_to_hour: int = Field(ge=0, lt=24)
    quantiles: tuple[float, ...] = Field(min_length=1)

    @property
    def rules(self) -> Rules:
        return Rules(
            self.low_confidence_n, timedelta(hours=self.provisional_hours), timedelta(minutes=self.stale_minutes)
        )

    def values(self, now: datetime) -> dict[str, Any]:
        """What a text may use as `$name`; `now` is naive UTC."""
        return {**self.model_dump(exclude={"quantiles"}), "now": now}


@cache
def parameters() -> Parameters:
    return Parameters.model_validate(yaml.safe_load((files("analytics") / "parameters.yaml").read_text()))
