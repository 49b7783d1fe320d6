"""Cost lines of the fixture: what the GPU-hours of gpu.py, and the cores and memory beside them, are owed for.

Wrong on purpose: a GPU model without a price for three days, a namespace without an owner, and two corrections of the
closed month October. us-east-prod has a commitment that covers a third of it and is not always used up.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from published.inventory import CLUSTERS, PRICES, SERVICES, days, part_of
from warehouse.charges import IDLE, LINE, NO_SERVICE, SHARED, UNALLOCATED, cost_of
from warehouse.money import round_half_even

BOOKED = pl.Schema({
    **LINE, "billing_month": pl.Date(), "charge_class": pl.String(), "gpu_hours": pl.Float64(),
    "cost": pl.Decimal(28, 10),
})  # fmt: skip
COST_CENTERS = {"search": "CC-100", "assist": "CC-100", "ranking": "CC-200", "vision": "CC-200", "research": "CC-300"}
REGIONS = {"us-east-prod": "us-east-1", "eu-west-prod": "eu-central-1", "us-train": "us-east-2"}
DISCOUNT = {"us-east-prod": Decimal(1), "eu-west-prod": Decimal("0.92"), "us-train": Decimal("0.4")}
UNPRICED, UNPRICED_DAYS = "NVIDIA-L40S", (date(2026, 11, 17), date(2026, 11, 18), date(2026, 11, 19))
CORE_HOUR, GIB_HOUR = Decimal("0.0316"), Decimal("0.0042")
GIB_NUM, GIB_DEN = 125, 2**27  # byte-seconds to GiB-hours, as warehouse.charges says
HOUR = 3_600_000


def cost_lines(teams: pl.DataFrame, waterfall: pl.DataFrame) -> pl.DataFrame:
    """cost_line in the order of days."""
    rows: list[dict[str, Any]] = []
    for held in teams.to_dicts():
        rows += _of_team(held)
    for free in waterfall.to_dicts():
        rows += _nobodys(free)
    for day in days():
        rows.append(_line(day, charge="overhead", pool="support", team=SHARED, kind="overhead", resource="support",
                          quantity=round(86_400_000 * part_of(day)), price=Decimal("0.30")))  # fmt: skip
        if day in UNPRICED_DAYS:
            rows.append(_line(day, team="research", cluster="us-train", namespace="research", pod="probe-l40s-0",
                              kind="gpu", resource="nvidia.com/gpu", gpu_model=UNPRICED, quantity=6 * HOUR,
                              used=4 * HOUR))  # fmt: skip
    for day, team, hours in ((date(2026, 10, 28), "ranking", -36), (date(2026, 10, 29), "assist", 12)):
        cluster = "eu-west-prod" if team == "ranking" else "us-east-prod"
        model = CLUSTERS[cluster][0]
        row = _line(day, team=team, cluster=cluster, namespace=team, pod=f"{team}-late", kind="gpu", gpu_model=model,
                    resource="nvidia.com/gpu", quantity=hours * HOUR, used=hours * HOUR, list=PRICES[model],
                    price=PRICES[model] * DISCOUNT[cluster], pricing="on_demand")  # fmt: skip
        rows.append(row | {"charge_class": "Correction", "billing_month": date(2026, 11, 1)})
    return frame(rows)


def frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Lines with the two doubles for charts, which come from the exact figures."""
    for row in rows:
        hours = row["quantity"] * row["share_num"] / row["share_den"] / HOUR
        row["gpu_hours"] = hours if row["kind"] == "gpu" else 0.0
        row["cost"] = round_half_even(cost_of(row), Decimal("0.0000000001")) if row["price"] is not None else None
    return pl.DataFrame(rows, schema=BOOKED)


def _line(day: date, **given: Any) -> dict[str, Any]:
    price = given.pop("price", None)
    cluster, team = given.get("cluster"), given["team"]
    month = day.replace(day=1)
    return {
        "day": day, "report_day": day, "month": month, "charge": "allocation", "pool": None,
        "cost_center": COST_CENTERS.get(team), "service": NO_SERVICE, "model": NO_SERVICE,
        "region": REGIONS.get(cluster), "cluster": None, "node": None, "namespace": None, "pod": None, "labels": None,
        "gpu_model": None,
        "pricing": "on_demand" if price is not None else None, "commitment": None, "used": None, "share_num": 1,
        "share_den": 1, "list_price": given.pop("list", price), "price": price, "price_den": 1, "billing_month": month,
        "charge_class": None,
    } | given  # fmt: skip


def _of_team(held: dict[str, Any]) -> list[dict[str, Any]]:
    """GPU, core and memory lines of one team, day and cluster, for each of its pods."""
    day, team, cluster, model = held["day"], held["team"], held["cluster"], held["gpu_model"]
    own = [(name, one) for name, owner, _, one, *_ in SERVICES if owner == team]
    pods = [(f"{name}-{number}", name, one) for name, one in own for number in range(2)]
    if not pods:
        names = ("notebook-0",) if team == UNALLOCATED else ("sweep-llama-0", "sweep-llama-1", "pretrain-0")
        pods = [(name, NO_SERVICE, NO_SERVICE) for name in names]
    rows = []
    for pod, service, served in pods:
        hours = held["allocated_h"] / len(pods)
        unmeasured = held["unmeasured_h"] / held["allocated_h"]
        used = 1 - held["idle_h"] / (held["allocated_h"] - held["unmeasured_h"])
        node = f"{cluster}-{hash_of(pod) % 3}"
        where = {"team": team, "cluster": cluster, "node": node, "namespace": held["namespace"], "pod": pod,
                 "service": service, "model": served, "labels": json.dumps({"app": service})}  # fmt: skip
        gpu = where | {"kind": "gpu", "resource": "nvidia.com/gpu", "gpu_model": model}
        measured, blind = round(hours * (1 - unmeasured) * HOUR), round(hours * unmeasured * HOUR)
        for pricing, num, den, price in _rates(cluster, model):
            shared = {"pricing": pricing, "share_num": num, "share_den": den, "list": PRICES[model], "price": price}
            if pricing == "committed":
                shared["commitment"] = "h100-2026"
            rows.append(_line(day, **gpu, **shared, quantity=measured, used=round(measured * used)))
            if blind:
                rows.append(_line(day, **gpu, **shared, quantity=blind))
        cores, gibs = round(hours * 8 * HOUR), round(hours * 64 * 2**30 * 3600)
        rows.append(
            _line(day, **where, kind="cpu", resource="cpu", quantity=cores, used=round(cores * 0.7), price=CORE_HOUR)
        )
        rows.append(_line(day, **where, kind="memory", resource="memory", quantity=gibs, used=round(gibs * 0.55),
                          share_num=GIB_NUM, share_den=GIB_DEN, price=GIB_HOUR))  # fmt: skip
    return rows


def _rates(cluster: str, model: str) -> list[tuple[str, int, int, Decimal]]:
    """Pricing, the part of a GPU it covers, and the price of a GPU-hour."""
    if cluster == "us-east-prod":
        return [("committed", 1, 3, Decimal("1.75")), ("on_demand", 2, 3, PRICES[model])]
    return [("spot" if cluster == "us-train" else "on_demand", 1, 1, PRICES[model] * DISCOUNT[cluster])]


def _nobodys(free: dict[str, Any]) -> list[dict[str, Any]]:
    """Idle capacity, the shared monitoring namespace, and what the commitment was not used for."""
    day, cluster, model = free["day"], free["cluster"], free["gpu_model"]
    at = {"cluster": cluster, "node": f"{cluster}-0"}
    price = PRICES[model] * DISCOUNT[cluster]
    rows = [
        _line(day, charge="idle", team=IDLE, **at, kind="gpu", resource="nvidia.com/gpu", gpu_model=model,
              quantity=round(free["unallocated_h"] * HOUR), used=0, list=PRICES[model], price=price),
        _line(day, charge="idle", team=IDLE, **at, kind="cpu", resource="cpu", price=CORE_HOUR,
              quantity=round(free["capacity_h"] * 3 * HOUR), used=0),
        _line(day, charge="shared", pool="platform", team=SHARED, **at, namespace="monitoring", pod="prometheus-0",
              kind="cpu", resource="cpu", quantity=round(96 * HOUR * part_of(day)),
              used=round(70 * HOUR * part_of(day)), price=CORE_HOUR),
    ]  # fmt: skip
    if cluster == "us-east-prod" and day.weekday() >= 5:
        rest = {"quantity": round(30 * HOUR * part_of(day)), "used": 0, "list": PRICES[model], "price": Decimal("1.75")}
        rows.append(_line(day, charge="unused", team=IDLE, cluster=cluster, kind="gpu", resource="commitment",
                          gpu_model=model, pricing="committed", commitment="h100-2026", **rest))  # fmt: skip
    return rows


def hash_of(name: str) -> int:
    """The same number for a name in every process."""
    return sum(name.encode())


def months() -> list[date]:
    return [date(2026, 10, 1), date(2026, 11, 1)]


def last_day(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
