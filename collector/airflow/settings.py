"""What the configuration says about an Airflow source."""

from __future__ import annotations

from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from collector.rest.connection import RestConnection
from collector.secret import Secret
from collector.source import Duration, SourceSettings


class Pipelines(BaseModel):
    """Which pipelines train and which deploy, as patterns (* and ?) of their DAG ids; all others are `other`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    training: tuple[str, ...] = Field(default=(), description="DAGs that train models.")
    deployment: tuple[str, ...] = Field(default=(), description="DAGs that bring models into production.")

    def kind(self, dag: str) -> str:
        """`training`, `deployment` or `other`; training wins where both match."""
        if any(fnmatchcase(dag, pattern) for pattern in self.training):
            return "training"
        return "deployment" if any(fnmatchcase(dag, pattern) for pattern in self.deployment) else "other"

    def unmatched(self, dags: set[str]) -> list[str]:
        """The patterns that match none of `dags`."""
        patterns = (*self.training, *self.deployment)
        return [pattern for pattern in patterns if not any(fnmatchcase(dag, pattern) for dag in dags)]


class AirflowSettings(SourceSettings, RestConnection):
    """An Airflow 3 webserver. A token, or username and password; a token file may be rotated at any time."""

    type: Literal["airflow"]
    token: Secret | None = Field(default=None, description="Bearer token (JWT); excludes username and password.")
    username: str | None = Field(default=None, description="Signs in at /auth/token, together with password.")
    password: Secret | None = Field(default=None, description="Password of username.")
    pipelines: Pipelines = Field(default=Pipelines(), description="Which DAGs train and which deploy models.")
    train_task: str = Field(
        default="train",
        description="Task (pattern) of a training DAG that trains: when it was skipped, the run counts as skipped.",
    )
    backfill: Duration = Field(default=timedelta(days=30), description="How far back the first collection reaches.")
    overlap: Duration = Field(
        default=timedelta(hours=1),
        description="How much of the time before the last pass is asked for again: Airflow tells no time of change, so "
        "this covers a clock that differs from ours and a transaction that was committed late.",
    )

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together")
        if (self.token is None) == (self.username is None):
            raise ValueError("give a token, or username and password")
        return self

    @property
    def facts(self) -> tuple[str, ...]:
        return ("pipeline_run", "pipeline_task")


SETTINGS = AirflowSettings
