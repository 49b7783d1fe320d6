"""One FOCUS row for one charge, one purchase, or what rounding leaves.

Which value goes into which column; amounts come from `charges` and `commitments`, words from mapping.yaml. A column
that says nothing about a row is None.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from analytics.focus import split
from analytics.focus.charges import Charge, Price
from analytics.focus.commitments import Purchase
from analytics.focus.period import charge_interval, month_interval
from analytics.focus.resource import resource_of
from analytics.focus.specification import mapping
from analytics.focus.written import amount
from warehouse.charges import IDLE, NO_SERVICE, SHARED, UNALLOCATED
from warehouse.interval import Interval, isoformat

Row = dict[str, str | None]

COMMITMENT = "Commitment"
TRANSFERRED = "share-of-idle-and-common-cost"


@dataclass(frozen=True, slots=True)
class Terms:
    """What all rows of a file share.

    `month` is the first day of the report's month in `timezone`; `basis` what GPUs, cores and memory are allocated by
    (request, usage or max); `invoice` is None while the month is open; `incomplete`: something has no price and is not
    in the file; `labels` are those whose values become tags.
    """

    month: date
    currency: str
    timezone: str = "UTC"
    basis: str = "request"
    invoice: str | None = None
    incomplete: bool = False
    labels: tuple[str, ...] = ()


def usage(charge: Charge, ratio: Decimal | None, terms: Terms) -> Row:
    """A row of category Usage; `ratio` is its part of the capacity that it belongs to, where it belongs to one."""
    sold = mapping().kinds[charge.kind]
    identity, name, kind = resource_of(charge)
    tags = json.dumps(_tags(charge, terms.labels), ensure_ascii=False)
    covered = charge.commitment is not None
    billed = Decimal(0) if covered else charge.cost
    row = _common(terms, charge_interval(charge.day, charge.month, terms.timezone))
    row |= _sold(charge.kind, charge.gpu_model, charge.pricing, charge.commitment)
    row |= _amounts(billed, charge.cost, charge.cost, charge.list_cost)
    row |= _priced(charge.price, charge.quantity, sold.unit)
    row |= _described(
        charge.charge, charge.kind, charge.gpu_model, name or charge.team, charge.charge_class, charge.month
    )
    row |= {
        "ChargeCategory": "Usage", "ChargeFrequency": "Usage-Based",
        "PricingCategory": mapping().pricing_categories.get(charge.pricing or "", "Other"),
        "RegionId": charge.region, "RegionName": charge.region,
        "ResourceId": identity, "ResourceName": name, "ResourceType": kind,
        "SubAccountId": charge.team, "SubAccountName": charge.team, "Tags": tags,
        "x_Charge": charge.charge, "x_Cluster": charge.cluster, "x_CostCenter": charge.cost_center,
        "x_GpuHours": amount(charge.quantity) if charge.kind == "gpu" else None, "x_GpuModel": charge.gpu_model,
        "x_Model": None if charge.model == NO_SERVICE else charge.model, "x_Namespace": charge.namespace,
        "x_Pool": charge.pool,
    }  # fmt: skip
    if not charge.unused:
        row |= {"ConsumedQuantity": amount(charge.quantity), "ConsumedUnit": sold.unit}
    if covered:
        status = "Unused" if charge.unused else "Used"
        row |= _commitment(charge.commitment, charge.quantity, sold.unit) | {"CommitmentDiscountStatus": status}
    if ratio is not None:
        row |= _split(charge, ratio, sold.unit, terms.basis)
        if charge.charge in ("allocation", "transfer"):
            row |= {"x_AllocatedResourceId": identity, "x_AllocatedResourceName": name, "x_AllocatedTags": tags}
    return row


def purchase(bought: Purchase, terms: Terms) -> Row:
    """A row of category Purchase: the part of a commitment's fee that its Usage rows of the file have used up."""
    of = bought.bought
    unit = mapping().kinds[of.kind].unit
    identity = f"commitment/{of.commitment}"
    row = _common(terms, month_interval(of.month, terms.timezone))
    row |= _sold(of.kind, of.gpu_model, of.pricing, of.commitment)
    row |= _amounts(bought.cost, Decimal(0), bought.cost, bought.list_cost)
    row |= _priced(of.price, bought.quantity, unit)
    row |= _described("purchase", of.kind, of.gpu_model, of.commitment, of.charge_class, of.month)
    return row | _commitment(of.commitment, bought.quantity, unit) | {
        "ChargeCategory": "Purchase", "ChargeFrequency": "Recurring", "PricingCategory": "Standard",
        "ResourceId": identity, "ResourceName": of.commitment, "ResourceType": COMMITMENT, "x_GpuModel": of.gpu_model,
    }  # fmt: skip


def rounding(missing: Decimal, kind: str, terms: Terms) -> Row:
    """A row of category Adjustment with what the others miss to the report's cents; `kind` is that of its service."""
    row = _common(terms, month_interval(terms.month, terms.timezone))
    sold = mapping().kinds[kind]
    return row | _amounts(missing, missing, missing, missing) | {
        "ChargeCategory": "Adjustment", "ChargeFrequency": "One-Time",
        "ChargeDescription": mapping().descriptions["rounding"], "ServiceCategory": sold.category,
        "ServiceName": sold.service, "ServiceSubcategory": sold.subcategory,
    }  # fmt: skip


def _common(terms: Terms, period: Interval) -> Row:
    told, billing = mapping(), month_interval(terms.month, terms.timezone)
    return dict.fromkeys(told.columns) | {
        "BillingAccountId": told.billing_account.id, "BillingAccountName": told.billing_account.name,
        "BillingCurrency": terms.currency, "BillingPeriodStart": isoformat(billing.start),
        "BillingPeriodEnd": isoformat(billing.end), "ChargePeriodStart": isoformat(period.start),
        "ChargePeriodEnd": isoformat(period.end), "InvoiceId": terms.invoice, "InvoiceIssuerName": told.provider,
        "ProviderName": told.provider, "PublisherName": told.provider,
        "x_Incomplete": "true" if terms.incomplete else "false",
    }  # fmt: skip


def _amounts(billed: Decimal, effective: Decimal, contracted: Decimal, listed: Decimal) -> Row:
    return {"BilledCost": amount(billed), "EffectiveCost": amount(effective), "ContractedCost": amount(contracted),
            "ListCost": amount(listed)}  # fmt: skip


def _priced(price: Price, quantity: Decimal, unit: str) -> Row:
    return {"ContractedUnitPrice": amount(price.net), "ListUnitPrice": amount(price.listed),
            "PricingQuantity": amount(quantity), "PricingUnit": unit}  # fmt: skip


def _sold(kind: str, gpu_model: str | None, pricing: str | None, commitment: str | None) -> Row:
    sold = mapping().kinds[kind]
    sku = "/".join(part for part in (kind, gpu_model) if part)
    details: dict[str, int | str] = {**sold.details}
    if gpu_model:
        details["x_GpuModel"] = gpu_model
    return {
        "ServiceCategory": sold.category, "ServiceName": sold.service, "ServiceSubcategory": sold.subcategory,
        "SkuId": sku, "SkuMeter": sold.meter, "SkuPriceDetails": json.dumps(details) if details else None,
        "SkuPriceId": "/".join(part for part in (sku, pricing or "unknown", commitment) if part),
    }  # fmt: skip


def _commitment(commitment: str | None, quantity: Decimal, unit: str) -> Row:
    return {
        "CommitmentDiscountCategory": "Usage", "CommitmentDiscountId": f"commitment/{commitment}",
        "CommitmentDiscountName": commitment, "CommitmentDiscountQuantity": amount(quantity),
        "CommitmentDiscountType": COMMITMENT, "CommitmentDiscountUnit": unit,
    }  # fmt: skip


def _described(what: str, kind: str, gpu_model: str | None, who: str, charge_class: str | None, month: date) -> Row:
    goods = " ".join(part for part in (gpu_model, mapping().kinds[kind].what) if part)
    text = mapping().descriptions[what].format(what=goods, who=who)
    corrects = f", correction of {month:%Y-%m}" if charge_class else ""
    return {"ChargeDescription": f"{text[0].upper()}{text[1:]}{corrects}", "ChargeClass": charge_class}


def _tags(charge: Charge, labels: tuple[str, ...]) -> dict[str, str]:
    own = {"team": charge.team, "service": charge.service, "cost_center": charge.cost_center}
    tags = {name: value for name, value in own.items() if value not in (None, NO_SERVICE)}
    for name, value in zip(labels, charge.labels, strict=True):
        if value not in (UNALLOCATED, IDLE, SHARED):
            tags[f"label:{name}" if name in own else name] = value
    return {name: str(value) for name, value in tags.items()}


def _split(charge: Charge, ratio: Decimal, unit: str, basis: str) -> Row:
    method = TRANSFERRED if charge.charge == "transfer" else f"capacity-by-{basis}"
    return {"x_AllocatedMethodId": method, "x_AllocatedMethodDetails": split.details(ratio, unit, charge.quantity)}
