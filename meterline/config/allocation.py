"""How cost is divided: what a pod is charged for, who bears idle capacity, which costs several teams share."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from meterline.config.section import Section, Validity
from meterline.config.values import Amount, Name, Namespace, Price, Weight


class HourlyCharge(Validity):
    """A sum for each hour, until `to` or the next `from`."""

    price: Price


class MonthlyCharge(Validity):
    """A sum for each calendar month of the report's time zone, spread evenly over its seconds."""

    price: Amount


def _always(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [{"price": value}]


Hourly = Annotated[
    tuple[HourlyCharge, ...], BeforeValidator(_always, json_schema_input_type=str | tuple[HourlyCharge, ...])
]
Monthly = Annotated[
    tuple[MonthlyCharge, ...], BeforeValidator(_always, json_schema_input_type=str | tuple[MonthlyCharge, ...])
]


class Idle(Section):
    """Capacity that nobody asked for: its own rows (none), or borne by those who used the node or the cluster."""

    by: Literal["node", "cluster"] = "node"
    split: Literal["none", "weighted", "even"] = "none"


class SharedPool(Section):
    """Costs that all teams bear: those of namespaces, and sums that no metric shows."""

    name: Name
    namespaces: tuple[Namespace, ...] = ()
    hourly: Hourly = Field(default=(), description='"0.30", or [{price: "0.30", from, to}, ...].')
    monthly: Monthly = Field(default=(), description='"5000.00", or [{price: "5000.00", from, to}, ...].')
    split: Literal["weighted", "even", "fixed", "none"] = "weighted"
    weights: dict[str, Weight] = Field(default={}, description="By team, for split: fixed.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not (self.namespaces or self.hourly or self.monthly):
            raise ValueError("expected at least one of namespaces, hourly, monthly")
        if self.split != "fixed" and self.weights:
            raise ValueError(f"expected no weights with split {self.split}: they are for split fixed")
        if self.split == "fixed" and not any(self.weights.values()):
            raise ValueError('expected weights with at least one above zero, such as weights: {search: "0.6"}')
        return self


class Allocation(Section):
    """What is charged to whom: what was requested, what was used, or the larger of the two."""

    basis: Literal["request", "usage", "max"] = "request"
    idle: Idle = Idle()
    shared: tuple[SharedPool, ...] = ()
