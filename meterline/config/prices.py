"""What things cost: prices and when they hold, commitments, discounts, currencies.

Only what is wrong with one entry is refused here. Prices that overlap or leave a gap are not: the rest of a report is
still right, so they are named where they are resolved (`meterline.inventory.price_book`).
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from meterline.config.section import Dated, Section, Validity
from meterline.config.values import (
    Amount,
    Boundary,
    Currency,
    Day,
    ExchangeRate,
    Name,
    Percent,
    Price,
    Quantity,
    Weight,
)

Pricing = Literal["on_demand", "spot"]
Resource = Literal["gpu", "cpu", "memory"]
Text = Annotated[str, Field(min_length=1)]


class UnitPrice(Dated):
    """The price of a unit-hour in `[from, to)`; without `to`, until the next `from` of what is otherwise the same.

    What is named (cluster, region, instance type) narrows it; of the prices that hold somewhere the narrowest counts.
    """

    price: Price
    cluster: Text | None = None
    region: Text | None = None
    instance_type: Text | None = Field(default=None, description="As the label of the node says.")
    pricing: Pricing = "on_demand"
    currency: Currency | None = Field(default=None, description="The report's, when absent; others need rates.")


class GpuPrice(UnitPrice):
    """The price of one GPU-hour of a model, valid in `[from, to)`; without `to`, until the model's next `from`."""

    model: str = Field(min_length=1, description="As the GPU exporter and the node labels name it.")


class BasePrices(Section):
    """What the parts of a node cost in proportion to each other: a GPU, a core, a GiB. Only ratios matter."""

    gpu: Weight = Decimal("0")
    cpu: Weight = Decimal("0")
    ram_gib: Weight = Decimal("0")


class NodePrice(UnitPrice):
    """The price of an hour of a whole node, split among its GPUs, cores and GiB in the proportion of `base`."""

    instance_type: Text = Field(description="As the label of the node says.")
    gpus: int = Field(default=0, ge=0, le=1024, description="Physical GPUs of the node.")
    cpus: Quantity = Field(default=Decimal("0"), description="Cores of the node.")
    ram_gib: Quantity = Field(default=Decimal("0"), description="GiB of memory of the node.")
    gpu_model: Text | None = Field(default=None, description="As the GPU exporter and the node labels name it.")
    base: BasePrices

    @model_validator(mode="after")
    def _divisible(self) -> Self:
        if (self.gpus > 0) != (self.gpu_model is not None):
            raise ValueError("expected gpus and gpu_model together")
        if not self.gpus * self.base.gpu + self.cpus * self.base.cpu + self.ram_gib * self.base.ram_gib:
            raise ValueError("expected some of gpus, cpus, ram_gib with a base price above zero, to split the price")
        return self


class Commitment(Dated):
    """GPUs paid for ahead, used or not: `fee` for all of them and the whole term, spread evenly over its seconds."""

    name: Name
    model: str = Field(min_length=1, description="As the GPU exporter and the node labels name it.")
    count: int = Field(ge=1, le=1_000_000, description="GPUs.")
    fee: Amount
    end: Boundary = Field(alias="to")
    cluster: Text | None = None
    region: Text | None = None
    currency: Currency | None = Field(default=None, description="The report's, when absent; others need rates.")


class Discount(Validity):
    """Percent off the list price of everything that matches; several multiply. Commitments have none."""

    percent: Percent
    resource: Resource | None = None
    model: Text | None = Field(default=None, description="Of GPUs only.")
    cluster: Text | None = None
    pricing: Pricing | None = None

    @model_validator(mode="after")
    def _of_gpus(self) -> Self:
        if self.model is not None and self.resource not in (None, "gpu"):
            raise ValueError(f"expected no model beside resource {self.resource}: only GPUs have one")
        return self


class Rate(Section):
    """What one unit of `currency` was worth in the report currency on a UTC day."""

    currency: Currency
    date: Day
    rate: ExchangeRate


def _inline_or_file(value: Any) -> str:
    return "file" if isinstance(value, str | Path) else "list"


Rates = Annotated[
    Annotated[tuple[Rate, ...], Tag("list")] | Annotated[Path, Tag("file")], Discriminator(_inline_or_file)
]
"""Rates, or the path of a CSV file with the columns date, currency, rate."""


class Prices(Section):
    """What things cost."""

    gpu_hour: tuple[GpuPrice, ...] = ()
    cpu_hour: tuple[UnitPrice, ...] = Field(default=(), description="Per core-hour.")
    ram_gib_hour: tuple[UnitPrice, ...] = Field(default=(), description="Per GiB-hour of memory.")
    node_hour: tuple[NodePrice, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    discounts: tuple[Discount, ...] = ()
    rates: Rates = Field(default=(), description="Rates, or a CSV file with the columns date, currency, rate.")
    rate_holds_days: int = Field(
        default=1, ge=1, le=31,
        description="How long a rate holds while no newer one comes; central banks publish none at weekends.",
    )  # fmt: skip

    @property
    def rate_rows(self) -> tuple[Rate, ...]:
        """A rate for each day that has one, those that hold on included.

        Of a configuration that `load` has read: it puts the rates of a file in place of its path.
        """
        written = () if isinstance(self.rates, Path) else self.rates
        known = {(one.currency, one.date) for one in written}
        held = []
        for one in written:
            for number in range(1, self.rate_holds_days):
                day = one.date + timedelta(days=number)
                if (one.currency, day) in known:
                    break
                held.append(one.model_copy(update={"date": day}))
        return (*written, *held)
