"""Who pays: teams, what is theirs and since when, and what they may spend."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from meterline.config.section import Section, Validity
from meterline.config.values import Amount, Glob, Label, Name, Namespace, Share


class Budget(Section):
    """What a team or a service may spend in a calendar month or quarter of the report's time zone."""

    monthly: Amount | None = Field(default=None, description='Per calendar month, e.g. "40000.00".')
    quarterly: Amount | None = Field(default=None, description='Per calendar quarter, e.g. "110000.00".')
    thresholds: tuple[Share, ...] = Field(
        default=(Decimal("0.5"), Decimal("0.8"), Decimal("1.0")),
        description="Shares of the budget at which something is told.",
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.monthly is None and self.quarterly is None:
            raise ValueError("expected monthly, quarterly or both")
        if not self.thresholds or len(set(self.thresholds)) < len(self.thresholds):
            raise ValueError("expected some thresholds, each once")
        return self


class OwnedNamespace(Validity):
    """A namespace, or a glob over namespaces, and when it is the team's."""

    name: Namespace


class OwnedLabel(Validity):
    """A pod's label whose value, or glob over values, says that the pod is the team's."""

    name: Label
    value: Glob


def _name_or_mapping(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


class Team(Section):
    """A team and what it pays for."""

    name: Name
    namespaces: tuple[
        Annotated[OwnedNamespace, BeforeValidator(_name_or_mapping, json_schema_input_type=str | OwnedNamespace)], ...
    ] = Field(default=(), description="Names or globs, or {name, from, to}; a name wins over a glob.")
    labels: tuple[OwnedLabel, ...] = Field(default=(), description="Pods with such a label are the team's.")
    cost_center: str | None = None
    budget: Budget | None = None
