"""The keys of meterline.yaml.

Unknown keys are refused everywhere. What must hold between keys (unique names, a service's team, prices that do not
overlap) is in `rules`; reading the file and naming the line of an error is in `load`.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, Union

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from collector.kinds import kinds
from collector.source import Duration, SourceSettings
from meterline.config.values import Amount, Glob, Moment, Name, Namespace, Price, Threshold, Zone

if TYPE_CHECKING:
    AnySource = SourceSettings
else:  # the kinds are found at run time: a new collector package needs no change here
    AnySource = Annotated[Union[kinds()], Field(discriminator="type")]  # noqa: UP007


class Section(BaseModel):
    """A mapping in the file: frozen once read, and closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


class Report(Section):
    """How results are shown; nothing stored depends on it."""

    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$", description="ISO 4217 code that all prices are in.")
    timezone: Zone = Field(default="UTC", description="Named in report headings; results are always cut in UTC.")


class Budget(Section):
    """What a team may spend."""

    monthly: Amount = Field(description='Per calendar month, e.g. "40000.00".')


class Team(Section):
    """A team and the namespaces whose use it pays for."""

    name: Name
    namespaces: tuple[Namespace, ...] = Field(default=(), description="Names or globs; a name wins over a glob.")
    cost_center: str | None = None
    budget: Budget | None = None


class Match(Section):
    """Which series belong to a service: globs on their labels, all of which must match."""

    namespace: Glob | None = None
    model_name: Glob | None = None
    service: Glob | None = None
    pod: Glob | None = None
    cluster: Glob | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_dump(exclude_none=True):
            raise ValueError("expected at least one of namespace, model_name, service, pod, cluster")
        return self


class Latency(Section):
    """The share of requests (`objective`, 0..1) that must end within `threshold`."""

    threshold: Threshold
    objective: float = Field(default=0.99, gt=0, lt=1)


class Availability(Section):
    """The share of requests (0..1) that must succeed."""

    objective: float = Field(gt=0, lt=1)


class DriftExpectation(Section):
    """How often the model's drift monitor is expected to report."""

    every: Duration = timedelta(days=1)


class Service(Section):
    """A model in production: who owns it and how its traffic is recognised."""

    name: Name
    team: str
    tier: int = Field(default=3, ge=1, le=9, description="1 is the most critical.")
    path: str = Field(default="unknown", min_length=1, description="How it is deployed; paved_road is the platform's.")
    match: Match
    model: str | None = Field(
        default=None, min_length=1, description="The model's name at its drift monitor; match.model_name if absent."
    )
    latency: Latency | None = None
    availability: Availability | None = None
    drift: DriftExpectation = DriftExpectation()


class GpuPrice(Section):
    """The price of one GPU-hour of a model, valid in `[from, to)`; without `to`, until the model's next `from`."""

    model: str = Field(min_length=1, description="As the GPU exporter and the node labels name it.")
    price: Price
    start: Moment = Field(alias="from")
    end: Moment | None = Field(default=None, alias="to")


class Prices(Section):
    """What things cost."""

    gpu_hour: tuple[GpuPrice, ...] = ()


class Alerting(Section):
    """Alertmanager's own configuration file, or Alertmanagers to push to."""

    file: Path | None = None
    alertmanager: tuple[str, ...] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.file is None) == (self.alertmanager is None):
            raise ValueError("expected a file name, or {alertmanager: [http://alertmanager:9093]}")
        return self


def _file_or_push(value: Any) -> Any:
    return {"file": value} if isinstance(value, str) else value


class QuotaBounds(Section):
    """Whole GPUs between which a team's quota may move."""

    floor: int = Field(ge=0)
    ceiling: int = Field(ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.floor > self.ceiling:
            raise ValueError(f"expected floor <= ceiling, got {self.floor} > {self.ceiling}")
        return self


class Quota(Section):
    """What the quota controller may do, and for whom."""

    mode: Literal["observe", "recommend", "enforce"] = "observe"
    teams: dict[str, QuotaBounds] = {}


class Listen(Section):
    """Where `meterline run` and `meterline demo` answer; port 0 takes a free one."""

    address: str = Field(default="127.0.0.1", description="Anything else than loopback has no authentication: mind it.")
    api: int = Field(default=8321, ge=0, le=65535)
    dashboards: int = Field(default=8501, ge=0, le=65535)


def _engine(value: str) -> str:
    if value.startswith("spark://"):
        raise ValueError("Spark is not available yet: expected duckdb")
    if value != "duckdb":
        raise ValueError("expected duckdb")
    return value


class Config(Section):
    """The whole file. Paths are absolute: relative ones were taken from the file's own directory."""

    data: Path = Field(default=Path("data"), description="Directory of everything that Meterline stores.")
    report: Report = Report()
    teams: tuple[Team, ...] = ()
    services: tuple[Service, ...] = ()
    prices: Prices = Prices()
    sources: tuple[AnySource, ...] = ()
    slos: tuple[str, ...] = Field(default=(), description="OpenSLO v1 files, as globs.")
    alerting: Annotated[Alerting, BeforeValidator(_file_or_push, json_schema_input_type=str | Alerting)] | None = None
    quota: Quota | None = None
    engine: Annotated[str, AfterValidator(_engine)] = Field(default="duckdb", description="duckdb")
    listen: Listen = Listen()
