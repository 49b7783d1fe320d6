"""The seven kinds of OpenSLO v1, each as what its documents hold. What must hold between them is in `objectives`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from meterline.openslo.alerting import ConditionSpec, PolicySpec, TargetSpec
from meterline.openslo.metadata import Description, Metadata, Part
from meterline.openslo.sli import SliSpec
from meterline.openslo.slo import SloSpec

API_VERSION: Literal["openslo/v1"] = "openslo/v1"


class ServiceSpec(Part):
    """What a service is, in words."""

    description: Description | None = None


class DataSourceSpec(Part):
    """A source of metrics. Of its connection details we read `source` and `url`: how to reach it is configuration."""

    description: Description | None = None
    type: str = Field(min_length=1)
    connection_details: Any = Field(default=None, repr=False)


class OpenSloObject(Part):
    """What all objects have."""

    api_version: Literal["openslo/v1"] = API_VERSION
    metadata: Metadata

    @property
    def name(self) -> str:
        """`metadata.name`, unique within the kind."""
        return self.metadata.name


class Service(OpenSloObject):
    """A group of SLOs."""

    kind: Literal["Service"]
    spec: ServiceSpec = ServiceSpec()


class DataSource(OpenSloObject):
    """A source of metrics, by the name that indicators use."""

    kind: Literal["DataSource"]
    spec: DataSourceSpec


class Sli(OpenSloObject):
    """An indicator that SLOs may share."""

    kind: Literal["SLI"]
    spec: SliSpec


class Slo(OpenSloObject):
    """An objective for a service."""

    kind: Literal["SLO"]
    spec: SloSpec


class AlertPolicy(OpenSloObject):
    """A policy that SLOs may share."""

    kind: Literal["AlertPolicy"]
    spec: PolicySpec


class AlertCondition(OpenSloObject):
    """A condition that policies may share."""

    kind: Literal["AlertCondition"]
    spec: ConditionSpec


class AlertNotificationTarget(OpenSloObject):
    """A target that policies may share."""

    kind: Literal["AlertNotificationTarget"]
    spec: TargetSpec


AnyObject = Service | DataSource | Sli | Slo | AlertPolicy | AlertCondition | AlertNotificationTarget

KINDS: dict[str, type[AnyObject]] = {
    "Service": Service,
    "DataSource": DataSource,
    "SLI": Sli,
    "SLO": Slo,
    "AlertPolicy": AlertPolicy,
    "AlertCondition": AlertCondition,
    "AlertNotificationTarget": AlertNotificationTarget,
}
