"""What of OpenSLO says when someone is told: policies, their one condition, and targets; each inline or by name."""

from __future__ import annotations

import re
from typing import Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from meterline.openslo.metadata import Description, Duration, Metadata, Name, Operator, Part
from meterline.openslo.rules import broken

ZERO = re.compile(r"0+[mhdwMQY]")


class TargetSpec(Part):
    """Whom to tell, in words that we do not interpret: routing is Alertmanager's configuration."""

    description: Description | None = None
    target: str = Field(min_length=1)


class Condition(Part):
    """A burn rate above `threshold` in the last `lookback_window`."""

    kind: Literal["burnrate"] = "burnrate"
    op: Operator = "gt"
    threshold: float = Field(gt=0, allow_inf_nan=False)
    lookback_window: Duration
    alert_after: Duration | None = None

    @field_validator("alert_after", mode="before")
    @classmethod
    def _at_once(cls, value: Any) -> Any:
        return None if isinstance(value, str) and ZERO.fullmatch(value) else value


class ConditionSpec(Part):
    """A condition and how urgent it is, in your own word: page and ticket are those we know."""

    description: Description | None = None
    severity: str = Field(min_length=1)
    condition: Condition


class Use(Part):
    """Something by reference or inline: exactly one of them."""

    kind: str | None = None
    metadata: Metadata | None = None

    def _judge(self, reference: str | None, spec: Part | None, kind: str, rule: str) -> None:
        inline = (self.kind, self.metadata, spec)
        if reference is not None and any(one is not None for one in inline):
            raise broken(rule)
        if reference is None and (self.kind != kind or self.metadata is None or spec is None):
            raise broken(rule)


class ConditionUse(Use):
    """A condition of a policy."""

    condition_ref: Name | None = None
    spec: ConditionSpec | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        self._judge(self.condition_ref, self.spec, "AlertCondition", "alert-condition")
        return self


class TargetUse(Use):
    """A notification target of a policy."""

    target_ref: Name | None = None
    spec: TargetSpec | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        self._judge(self.target_ref, self.spec, "AlertNotificationTarget", "notification-target")
        return self


class PolicySpec(Part):
    """When an SLO alerts, and whom it tells."""

    description: Description | None = None
    alert_when_no_data: bool = False
    alert_when_breaching: bool = False
    alert_when_resolved: bool = False
    conditions: tuple[ConditionUse, ...] = ()
    notification_targets: tuple[TargetUse, ...] = ()

    @field_validator("conditions", "notification_targets")
    @classmethod
    def _enough(cls, value: tuple[Use, ...], info: ValidationInfo) -> tuple[Use, ...]:
        if info.field_name == "conditions" and len(value) != 1:
            raise broken("one-condition")
        if info.field_name == "notification_targets" and not value:
            raise broken("notification-target")
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.conditions:
            raise broken("one-condition")
        if not self.notification_targets:
            raise broken("notification-target")
        return self


class PolicyUse(Use):
    """A policy of an SLO."""

    alert_policy_ref: Name | None = None
    spec: PolicySpec | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        self._judge(self.alert_policy_ref, self.spec, "AlertPolicy", "alert-policy")
        return self
