"""The provider's bill of the sample platform: FOCUS files as two exports would have left them, a little untidy.

The months before the last one come as FOCUS 1.0 the way a query engine writes them (a space for the T, no Z, NULL for
nothing), the last month as FOCUS 1.2. Each file repeats one row and has a month's support and tax that nothing meters.
Promises: the same arguments give the same bytes. It knows no prices: what was charged is an argument.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

PROVIDER = "Sample Cloud"
ACCOUNT = ("0042-2604", "Sample platform")
SUPPORT, TAX = Decimal("0.03"), Decimal("0.07")
CENTS = Decimal("0.01")
PER_UNIT = Decimal("0.0000000001")
WRITTEN = "%Y-%m-%dT%H:%M:%SZ"
WRITTEN_1_0 = "%Y-%m-%d %H:%M:%S"

MANDATORY = (
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart",
    "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart",
    "ContractedCost", "EffectiveCost", "InvoiceIssuerName", "ListCost", "PricingCategory", "PricingQuantity",
    "PricingUnit", "ProviderName", "PublisherName", "RegionId", "ServiceCategory", "ServiceName", "SkuId", "SkuPriceId",
)  # fmt: skip
SINCE_1_2 = ("InvoiceId", "ServiceSubcategory", "SkuMeter")


@dataclass(frozen=True, slots=True)
class Charge:
    """What one SKU cost on one UTC day: `hours` x `unit_price`, `list_price` being the price before discounts."""

    day: date
    sku: str
    hours: Decimal
    unit_price: Decimal
    list_price: Decimal | None = None
    service: str = "GPU Compute"
    region: str = "eu-west-1"


def write_bill(folder: Path, charges: Iterable[Charge], currency: str = "USD") -> list[Path]:
    """Write `bill-YYYY-MM.csv` for each month of `charges` into `folder` and return the paths, oldest first."""
    folder.mkdir(parents=True, exist_ok=True)
    months: dict[date, list[Charge]] = {}
    for charge in sorted(charges, key=lambda one: (one.day, one.sku, one.region)):
        months.setdefault(charge.day.replace(day=1), []).append(charge)
    paths = []
    for month in sorted(months):
        path = folder / f"bill-{month:%Y-%m}.csv"
        _write(path, months[month], month, currency, newest=month == max(months))
        paths.append(path)
    return paths


def _write(path: Path, charges: Sequence[Charge], month: date, currency: str, *, newest: bool) -> None:
    columns = MANDATORY + SINCE_1_2 if newest else MANDATORY
    rows = [_usage(charge, month, currency) for charge in charges]
    usage = sum((charge.hours * charge.unit_price for charge in charges), Decimal(0))
    rows.append(_flat(month, currency, "Purchase", "Support", (usage * SUPPORT).quantize(CENTS)))
    rows.append(_flat(month, currency, "Tax", "Tax", (usage * (1 + SUPPORT) * TAX).quantize(CENTS)))
    rows.insert(1, dict(rows[0]))  # delivered twice, as happens
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(row if newest else _as_1_0(row) for row in rows)


def _usage(charge: Charge, month: date, currency: str) -> dict[str, str]:
    start = datetime(charge.day.year, charge.day.month, charge.day.day, tzinfo=UTC)
    cost = (charge.hours * charge.unit_price).quantize(PER_UNIT)
    listed = (charge.hours * (charge.list_price or charge.unit_price)).quantize(PER_UNIT)
    return {
        **_common(month, currency), **_costs(cost, listed), **_period(start, start + timedelta(days=1)),
        "ChargeCategory": "Usage", "ChargeDescription": f"{charge.sku} in {charge.region}",
        "ChargeFrequency": "Usage-Based", "PricingCategory": "Standard", "PricingQuantity": f"{charge.hours:f}",
        "PricingUnit": "Hours", "RegionId": charge.region, "ServiceCategory": "Compute", "ServiceName": charge.service,
        "ServiceSubcategory": "Virtual Machines", "SkuId": charge.sku, "SkuMeter": "Hours",
        "SkuPriceId": f"{charge.sku}/1",
    }  # fmt: skip


def _flat(month: date, currency: str, category: str, service: str, cost: Decimal) -> dict[str, str]:
    """A charge for the whole month, which is divided over its days."""
    start, end = _month(month)
    return {
        **_common(month, currency), **_costs(cost, cost), **_period(start, end), "ChargeCategory": category,
        "ChargeDescription": f"{service} {month:%Y-%m}", "ChargeFrequency": "Recurring", "PricingQuantity": "1",
        "PricingUnit": "Months", "ServiceCategory": "Other", "ServiceName": service,
        "ServiceSubcategory": "Other (Other)",
    }  # fmt: skip


def _common(month: date, currency: str) -> dict[str, str]:
    start, end = _month(month)
    return {
        **dict.fromkeys((*MANDATORY, *SINCE_1_2), ""), "BillingAccountId": ACCOUNT[0], "BillingAccountName": ACCOUNT[1],
        "BillingCurrency": currency, "BillingPeriodStart": start.strftime(WRITTEN),
        "BillingPeriodEnd": end.strftime(WRITTEN), "InvoiceIssuerName": PROVIDER, "ProviderName": PROVIDER,
        "PublisherName": PROVIDER, "InvoiceId": f"SC-{month:%Y%m}",
    }  # fmt: skip


def _costs(cost: Decimal, listed: Decimal) -> dict[str, str]:
    return {
        **dict.fromkeys(("BilledCost", "EffectiveCost", "ContractedCost"), f"{cost:f}"), "ListCost": f"{listed:f}",
    }  # fmt: skip


def _period(start: datetime, end: datetime) -> dict[str, str]:
    return {"ChargePeriodStart": start.strftime(WRITTEN), "ChargePeriodEnd": end.strftime(WRITTEN)}


def _month(month: date) -> tuple[datetime, datetime]:
    start = datetime(month.year, month.month, 1, tzinfo=UTC)
    return start, datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=UTC)


def _as_1_0(row: dict[str, str]) -> dict[str, str]:
    times = {
        name: datetime.strptime(value, WRITTEN).strftime(WRITTEN_1_0)  # noqa: DTZ007 - text to text
        for name, value in row.items() if name.endswith(("Start", "End"))
    }  # fmt: skip
    return {**{name: value or "NULL" for name, value in row.items()}, **times}
