"""Metered and billed side by side, exact: the arithmetic that the daily and the monthly reconciliation share. Pure.

A comparison is by kind and GPU model, which is all that metered use knows of a SKU: the SKUs that map to one kind and
model are one row. A charge that lasts longer than a day is divided over UTC days by the second. Nothing is rounded.

Bills have thousands of SKUs that nothing meters. What is charged within a day in the report's currency is added up by
polars as decimals; only divided and converted charges become fractions, one for each group of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

import polars as pl

from warehouse.charges import exact_sums, hours_of

SHOWN_NAMES = 3
BILL_KEY = ("sku_id", "sku_price_id", "service_name")
COSTS = ("billed_cost", "effective_cost")


class Key(NamedTuple):
    """What a row is about. Rows with a `kind` compare; the others are only billed, by SKU, service and category."""

    kind: str | None
    gpu_model: str | None
    sku: str | None = None
    service: str | None = None

    @property
    def order(self) -> tuple[bool, str, str, str, str]:
        return self.kind is None, self.kind or "", self.gpu_model or "", self.sku or "", self.service or ""


@dataclass
class Compared:
    """Sums of one row; `unrated`: currencies of charges without an exchange rate; billed sums lack these."""

    hours: Fraction = Fraction(0)
    metered: Fraction | None = None
    metered_at_all: bool = False
    billed: Fraction = Fraction(0)
    effective: Fraction = Fraction(0)
    rated: bool = False
    unrated: set[str] = field(default_factory=set)
    skus: set[str] = field(default_factory=set)
    services: set[str] = field(default_factory=set)
    currencies: set[str] = field(default_factory=set)

    def charge(self, row: Mapping[str, Any], rate: Fraction | None) -> None:
        """Add charges of which the part `num / den` is this row's; `rate` None: they cannot be converted."""
        self.rated |= rate is not None
        if rate is None:
            self.unrated.add(row["currency"])
        else:
            part = rate * Fraction(row["num"], row["den"])
            self.billed += Fraction(row["billed_cost"]) * part
            self.effective += Fraction(row["effective_cost"]) * part
        self.skus |= {one for one in row["skus"] if one}
        self.services |= {one for one in row["services"] if one}
        self.currencies.add(row["currency"])

    def status(self, key: Key) -> str:
        """no_rate, not_metered, not_billed or matched."""
        if self.unrated:
            return "no_rate"
        if key.kind is None or not self.metered_at_all:
            return "not_metered"
        return "matched" if self.rated else "not_billed"


def currency(tables: Mapping[str, pl.DataFrame]) -> str | None:
    """The report's currency."""
    stated = tables["report_setting"]["currency"].to_list()
    return str(stated[0]) if stated and stated[0] else None


def charges_by_day(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The bill by UTC day, `Key`, currency and the part `num / den` of each charge that lies on that day.

    Columns day, the fields of `Key`, name (of the SKU) and service_name for people, currency, num, den, billed_cost,
    effective_cost. The parts of a charge add up to 1; a charge without duration is its day's.
    """
    last = pl.max_horizontal(pl.col("charged_to") - pl.duration(microseconds=1), pl.col("charged_from"))
    divided = (
        tables["bill_day"]
        .join(tables["bill_sku"], on=list(BILL_KEY), how="left", nulls_equal=True)
        .with_columns(day=pl.date_ranges(pl.col("charged_from").dt.date(), last.dt.date()))
        .explode("day")
    )
    midnight = pl.col("day").cast(pl.Datetime("us"))
    until = pl.min_horizontal(midnight + pl.duration(days=1), pl.col("charged_to"))
    inside = until - pl.max_horizontal(midnight, pl.col("charged_from"))
    whole = pl.col("charged_to") - pl.col("charged_from")
    lasting = whole.dt.total_microseconds() > 0
    usage = pl.col("charge_category").fill_null("") == "Usage"
    compares = usage & pl.col("kind").is_not_null()
    both = pl.concat_str(["charge_category", "service_name"], separator=": ", ignore_nulls=True)
    category = pl.when(pl.col("charge_category") == pl.col("service_name")).then("charge_category").otherwise(both)
    return divided.select(
        "day", "currency", "service_name", *COSTS,
        pl.when(compares).then("kind").alias("kind"),
        pl.when(compares & (pl.col("kind") == "gpu")).then("gpu_model").alias("gpu_model"),
        pl.when(~compares).then(pl.coalesce(BILL_KEY)).alias("sku"),
        pl.when(~compares).then(pl.when(usage).then("service_name").otherwise(category)).alias("service"),
        pl.coalesce(BILL_KEY).alias("name"),
        pl.when(lasting).then(inside.dt.total_microseconds()).otherwise(1).alias("num"),
        pl.when(lasting).then(whole.dt.total_microseconds()).otherwise(1).alias("den"),
    )  # fmt: skip


def plain(report: str | None) -> pl.Expr:
    """Charges that are neither divided nor converted: their decimals are their cost."""
    return (pl.col("num") == pl.col("den")) & (pl.col("currency") == (report or ""))


def compared(
    charges: pl.DataFrame, tables: Mapping[str, pl.DataFrame], every: str = "1d"
) -> dict[date, dict[Key, Compared]]:
    """For each UTC day (or month with `every` 1mo, by its first day) the rows of `charges` and of metered use."""
    found: dict[date, dict[Key, Compared]] = {}

    def at(row: Mapping[str, Any]) -> Compared:
        key = Key(*(row.get(name) for name in Key._fields))
        return found.setdefault(row["period"], {}).setdefault(key, Compared())

    report = currency(tables)
    rates = {
        (code, day): Fraction(rate)
        for code, day, rate in tables["currency_rate"].select("currency", "day", "rate").iter_rows()
        if rate is not None
    }
    timed = charges.with_columns(pl.col("day").dt.truncate(every).alias("period"))
    for row in _grouped(timed.filter(plain(report))).iter_rows(named=True):
        at(row).charge({**row, "num": 1, "den": 1}, Fraction(1))
    for row in _grouped(timed.filter(~plain(report)), "day", "num", "den").iter_rows(named=True):
        at(row).charge(row, Fraction(1) if row["currency"] == report else rates.get((row["currency"], row["day"])))
    for row in _metered(tables, every):
        one = at(row)
        one.hours, one.metered, one.metered_at_all = row["hours"], row["cost"], True
    return found


def _grouped(charges: pl.DataFrame, *by: str) -> pl.DataFrame:
    return charges.group_by("period", *Key._fields, "currency", *by).agg(
        *(pl.col(cost).sum() for cost in COSTS), pl.col("name").unique().alias("skus"),
        pl.col("service_name").unique().alias("services"),
    )  # fmt: skip


def _metered(tables: Mapping[str, pl.DataFrame], every: str) -> Iterator[dict[str, Any]]:
    named = tables["billing_sku"].filter(pl.col("kind") == "gpu")["gpu_model"]
    model = pl.when(pl.col("kind") == "gpu").then("gpu_model")
    if named.null_count():  # a SKU of GPUs of any model stands for those that no other SKU names
        model = pl.when(pl.col("gpu_model").is_in(named.drop_nulls().to_list())).then(model)
    lines = tables["metered_day"].with_columns(
        model.alias("gpu_model"),
        pl.col("kind").alias("metered_kind"),
        pl.col("day").dt.truncate(every).alias("period"),
        pl.lit(None, dtype=pl.Decimal(38, 0)).alias("used"),
    )
    by = ("period", "metered_kind", "gpu_model")
    hours: dict[tuple[Any, ...], Fraction] = {}
    for row in lines.group_by(*by, "share_num", "share_den").agg(pl.col("quantity").sum()).iter_rows(named=True):
        key = tuple(row[column] for column in by)
        hours[key] = hours.get(key, Fraction(0)) + hours_of(row)
    priced = exact_sums(lines.filter(pl.col("price").is_not_null()), by)
    for key, total in hours.items():
        period, kind, gpu_model = key
        cost = priced[key].cost if key in priced else None
        yield {"period": period, "kind": kind, "gpu_model": gpu_model, "hours": total, "cost": cost}


def names(values: set[str]) -> str | None:
    """A few names for people, `a, b, c and 2 more`; None when there are none."""
    ordered = sorted(values)
    more = len(ordered) - SHOWN_NAMES
    return ", ".join(ordered[:SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "") if ordered else None
