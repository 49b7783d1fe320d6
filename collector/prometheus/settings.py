"""What the configuration says about a Prometheus source."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, field_validator

from collector.prometheus import profile
from collector.prometheus.connection import Connection
from collector.source import Duration, SourceSettings
from warehouse.errors import ConfigurationError


class PrometheusSettings(SourceSettings, Connection):
    """A server with the Prometheus HTTP API and the profiles to read from it."""

    type: Literal["prometheus"]
    profiles: tuple[str, ...] = Field(min_length=1, description="Which exporters and runtimes to read.")
    cluster: str | None = Field(default=None, description="Name of the cluster, where series carry no cluster label.")
    match: str = Field(default="", description='Matchers added to every selector, for example job="dcgm".')
    scrape_interval: Duration | None = Field(
        default=None, description="Detected from the samples when absent; say it when it is longer than 5 minutes."
    )
    replica_labels: tuple[str, ...] = Field(
        default=("prometheus_replica", "replica", "__replica__"),
        description="Labels that tell the members of a highly available pair apart.",
    )
    backfill: Duration = Field(default=timedelta(days=7), description="How far back the first collection reaches.")
    window: Duration = Field(default=timedelta(hours=6), description="Time collected and stored in one transaction.")
    settle: Duration = Field(
        default=timedelta(minutes=6),
        description="Age at which samples are taken as complete; longer where remote write or Thanos lags.",
    )
    keep_samples: Duration = Field(default=timedelta(days=2), description="How long raw samples are kept.")

    @field_validator("profiles")
    @classmethod
    def _known(cls, profiles: tuple[str, ...]) -> tuple[str, ...]:
        try:
            profile.load_all(profiles)
        except ConfigurationError as error:
            raise ValueError(str(error)) from error
        return profiles

    @property
    def facts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(fact for one in self.profiles for fact in profile.load(one).fills))


SETTINGS = PrometheusSettings
