"""The keys of meterline.yaml: the whole file, and the sections that no topic of their own has.

Unknown keys are refused everywhere. What must hold between keys (unique names, a service's team, one owner at a time)
is in `rules`; reading the file and naming the line of an error is in `load`.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, Union

from pydantic import AfterValidator, BeforeValidator, Field, InstanceOf, model_validator

from collector.kinds import kinds
from collector.source import Duration, SourceSettings
from meterline.config.alerting import Alerting, file_or_push
from meterline.config.allocation import Allocation
from meterline.config.prices import Prices, Resource
from meterline.config.section import Section
from meterline.config.services import Service
from meterline.config.teams import Team
from meterline.config.values import Currency, Glob, Weight, Zone
from meterline.openslo.slos import Slos

if TYPE_CHECKING:
    AnySource = SourceSettings
else:  # the kinds are found at run time: a new collector package needs no change here
    AnySource = Annotated[Union[kinds()], Field(discriminator="type")]  # noqa: UP007


class Report(Section):
    """How results are cut and shown; nothing stored depends on it."""

    currency: Currency = Field(default="USD", description="ISO 4217 code that all costs are in.")
    timezone: Zone = Field(default="UTC", description="Whose days and months the bills have.")
    close_after: Duration | None = Field(
        default=None, description="How long after its end the service closes a month; absent: only the command does."
    )


class Cluster(Section):
    """A cluster as its series name it, and the cloud region it is in."""

    name: str = Field(min_length=1)
    region: str = Field(min_length=1)


class TokenWeights(Section):
    """What a token costs in proportion to the others; only ratios matter."""

    input: Weight = Decimal("1")
    output: Weight = Decimal("4")
    cached: Weight = Decimal("0.1")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.input or self.output or self.cached):
            raise ValueError("expected at least one weight above zero")
        return self


class UnitCost(Section):
    """How the cost of a service is spread over what it answered."""

    token_weights: TokenWeights = TokenWeights()


class Sku(Section):
    """Which metered cost a SKU of the bill stands for; with neither model nor resource, one that nothing meters."""

    sku: Glob
    model: str | None = Field(
        default=None, min_length=1, description="As the GPU exporter and the node labels name it."
    )
    resource: Resource | None = None

    @model_validator(mode="after")
    def _of_gpus(self) -> Self:
        if self.model is not None and self.resource not in (None, "gpu"):
            raise ValueError(f"expected no model beside resource {self.resource}: only GPUs have one")
        return self


class Billing(Section):
    """How the provider's bill is compared with what was metered."""

    skus: tuple[Sku, ...] = ()


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
    teams: dict[str, QuotaBounds] = Field(default={})


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


def _patterns(value: Any) -> Slos:
    if isinstance(value, Slos):
        return value
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) and one for one in value):
        raise ValueError("expected a list of files or patterns such as [slos/*.yaml]")
    return Slos(tuple(value))


class Config(Section):
    """The whole file. Paths are absolute: relative ones were taken from the file's own directory."""

    data: Path = Field(default=Path("data"), description="Directory of everything that Meterline stores.")
    report: Report = Report()
    clusters: tuple[Cluster, ...] = ()
    teams: tuple[Team, ...] = ()
    services: tuple[Service, ...] = ()
    prices: Prices = Prices()
    allocation: Allocation = Allocation()
    unit_cost: UnitCost = UnitCost()
    billing: Billing = Billing()
    sources: tuple[AnySource, ...] = ()
    slos: Annotated[InstanceOf[Slos], BeforeValidator(_patterns, json_schema_input_type=tuple[str, ...])] = Field(
        default_factory=Slos, description="OpenSLO v1 files, as globs; `load` reads what is in them."
    )
    alerting: Annotated[Alerting, BeforeValidator(file_or_push, json_schema_input_type=str | Alerting)] | None = None
    quota: Quota | None = None
    engine: Annotated[str, AfterValidator(_engine)] = Field(default="duckdb", description="duckdb")
    listen: Listen = Listen()
