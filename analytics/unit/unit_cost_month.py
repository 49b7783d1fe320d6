"""Unit cost of the platform, of every service, model, team and tenant, by month.

---
kind: result
title: Unit cost
question: What do a thousand inferences and a million tokens cost?
formula: >
  1000 x cost / successful requests and 1,000,000 x cost / tokens, ratios of the month's sums: cost of hours without
  requests is in it, shared cost as the sharing policy moves it too. blended tokens = input + output; cached ones are
  part of input. weighted_*: prices in proportion to unit_cost.token_weights; (input - cached) x weighted_in + output
  x weighted_out + cached x weighted_cached = 1,000,000 x cost. failed_cost = cost x failed / all requests. coverage =
  cost on report days with a request count / cost. tenant: the service's cost by weighted tokens, or by requests where
  tokens name no tenant
source: KPI 11; owner_cost_day by billing month, request_report_day
missing: >
  null without requests or tokens, never 0; requests of a service whose cost is unknown count in no scope but its own;
  `__unallocated__` is what bears no tenant label
reads: [owner_cost_day, request_report_day, service, token_weight]
---
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import polars as pl

from analytics.economics.attribution import COUNTS, add_up, to_models, to_teams
from analytics.economics.lines import costs_of
from analytics.economics.tenants import tenant_shares, tokens_of
from analytics.economics.unit_price import cost_of_failed, unit_cost, weighted_prices
from warehouse.charges import NO_SERVICE, UNALLOCATED
from warehouse.money import apportion, round_half_even

MONEY, CENTS = pl.Decimal(18, 8), pl.Decimal(18, 2)
SCHEMA = pl.Schema({
    "month": pl.Date(), "scope_kind": pl.String(), "scope": pl.String(), "service": pl.String(), "team": pl.String(),
    "model": pl.String(), "tenant": pl.String(), "cost": CENTS, "requests": pl.Int64(), "requests_all": pl.Int64(),
    "failed": pl.Int64(), "tokens_in": pl.Int64(), "tokens_out": pl.Int64(), "tokens_cached": pl.Int64(),
    "per_1k_inferences": MONEY, "per_1m_tokens": MONEY, "per_1m_tokens_in": MONEY, "per_1m_tokens_out": MONEY,
    "per_1m_tokens_cached": MONEY, "weighted_in": MONEY, "weighted_out": MONEY, "weighted_cached": MONEY,
    "failed_cost": CENTS, "coverage": pl.Float64(),
})  # fmt: skip
SCOPES = ("service", "model", "team")

Key = tuple[date, str]
Row = dict[str, Any]
Weights = Mapping[str, Fraction]


def compute(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """One row a month and scope that had cost or requests."""
    cost = tables["owner_cost_day"].filter(pl.col("service") != NO_SERVICE)
    requests, services = tables["request_report_day"], tables["service"]
    weights = {row["token"]: Fraction(row["weight"]) for row in tables["token_weight"].to_dicts()}
    priced = cost.filter(pl.col("price").is_not_null()).select("billing_month", "service").unique()
    costed = requests.join(priced, left_on=["month", "service"], right_on=["billing_month", "service"], how="semi")
    everything = pl.lit("platform").alias("platform")
    counted = {
        "service": requests,
        "model": to_models(costed, cost, services),
        "team": to_teams(costed, cost, services),
        "platform": costed.with_columns(everything),
    }
    cost = cost.with_columns(everything)
    rows: list[Row] = []
    bills: dict[Key, Row] = {}
    for kind in (*SCOPES, "platform"):
        found = _of_scope(kind, cost, counted[kind], weights)
        bills |= {(row["month"], row["scope"]): row for row in found if kind == "service"}
        rows += found
    owners = _owners(cost, services)
    for row in rows:
        if row["scope_kind"] == "service":
            row |= owners.get((row["month"], row["scope"]), owners.get(row["scope"], {}))
    rows += _of_tenants(requests, bills, _exact(cost, "service"), weights)
    return pl.DataFrame([{name: row.get(name) for name in SCHEMA} for row in rows], schema=SCHEMA)


def _exact(cost: pl.DataFrame, column: str) -> dict[Key, Fraction | None]:
    """Exact cost by billing month and value of `column`; None where no line of it has a price: unknown, not free."""
    keys = ["billing_month", column]
    known = costs_of(cost, keys)
    return {(month, scope): known.get((month, scope)) for month, scope in cost.select(keys).unique().rows()}


def _of_scope(kind: str, cost: pl.DataFrame, requests: pl.DataFrame, weights: Weights) -> list[Row]:
    """Rows of one kind of scope: cents of a month's rows add up to the month's serving cost."""
    exact = _exact(cost, kind)
    cents: dict[Key, Any] = {}
    for month in {month for month, _ in exact}:
        keys = sorted(key for key, value in exact.items() if key[0] == month and value is not None)
        cents |= zip(keys, apportion([exact[key] or Fraction(0) for key in keys]), strict=True)
    sums = add_up(requests.filter(pl.col(kind).is_not_null()), ["month", kind])
    counts = {(row["month"], row[kind]): row for row in sums.to_dicts()}
    covered = _coverage(kind, cost, requests)
    rows = []
    for key in sorted(set(exact) | set(counts)):
        row = _row(exact.get(key), counts.get(key), weights)
        row |= {"month": key[0], "scope_kind": kind, "scope": key[1], "cost": cents.get(key)}
        row |= {kind: key[1]} if kind != "platform" else {}
        row["coverage"] = covered.get(key) if row["cost"] is not None else None
        rows.append(row)
    return rows


def _row(cost: Fraction | None, counts: Mapping[str, Any] | None, weights: Weights) -> Row:
    """Counts and what follows from them and an exact cost."""
    whole: Row = {name: _whole((counts or {}).get(name)) for name in COUNTS}
    tokens = tokens_of(whole)
    prices = weighted_prices(cost, tokens, weights)
    lost = cost_of_failed(cost, whole["failed"], whole["requests_all"])
    return whole | {
        "per_1k_inferences": unit_cost(cost, whole["requests"], 1000),
        "per_1m_tokens": unit_cost(cost, tokens.blended, 1_000_000),
        "per_1m_tokens_in": unit_cost(cost, tokens.input, 1_000_000),
        "per_1m_tokens_out": unit_cost(cost, tokens.output, 1_000_000),
        "per_1m_tokens_cached": unit_cost(cost, tokens.cached, 1_000_000),
        "weighted_in": prices["in"], "weighted_out": prices["out"], "weighted_cached": prices["cached"],
        "failed_cost": round_half_even(lost) if lost is not None else None,
    }  # fmt: skip


def _whole(count: float | None) -> int | None:
    return round(count) if count is not None else None


def _coverage(kind: str, cost: pl.DataFrame, requests: pl.DataFrame) -> dict[Key, float | None]:
    """Share of the cost on report days of which requests were counted, service by service; credits count by size."""
    keys = ["service"] if kind in ("service", "platform") else ["service", kind]
    counted = requests.filter(pl.col("requests_all") > 0).select("report_day", *keys).unique()
    daily = cost.group_by(list(dict.fromkeys(["billing_month", "report_day", "service", kind]))).agg(
        pl.col("cost_double").sum().abs()
    )
    marked = daily.join(counted.with_columns(pl.lit(True).alias("counted")), on=["report_day", *keys], how="left")
    amount, is_counted = pl.col("cost_double"), pl.col("counted").is_not_null()
    found = marked.group_by("billing_month", kind).agg(
        amount.filter(is_counted).sum().alias("yes"), amount.filter(~is_counted).sum().alias("no")
    )
    return {
        (month, scope): yes / (yes + no) if yes + no else None
        for month, scope, yes, no in found.select("billing_month", kind, "yes", "no").rows()
    }


def _owners(cost: pl.DataFrame, services: pl.DataFrame) -> dict[Any, Row]:
    """Team and model of a service: those that bore most of its cost in the month; without cost, as configured."""
    owners: dict[Any, Row] = {row["service"]: {"team": row["team"], "model": None} for row in services.to_dicts()}
    most: dict[Key, Row] = defaultdict(dict)
    for column in ("team", "model"):
        sizes = cost.group_by("billing_month", "service", column).agg(pl.col("cost_double").sum())
        largest = sizes.sort("cost_double", column, descending=[True, False], nulls_last=True).unique(
            ["billing_month", "service"], keep="first", maintain_order=True
        )
        for row in largest.to_dicts():
            most[row["billing_month"], row["service"]][column] = row[column]
    return owners | dict(most)


def _of_tenants(
    requests: pl.DataFrame, bills: Mapping[Key, Row], exact: Mapping[Key, Fraction | None], weights: Weights
) -> list[Row]:
    """Rows of the tenants of each service that has any; with `__unallocated__` they add up to the service's cents."""
    by_service: dict[Key, dict[str | None, Row]] = defaultdict(dict)
    labelled = requests.filter(pl.col("tenant").is_not_null()).select("month", "service").unique()
    of_labelled = requests.join(labelled, on=["month", "service"], how="semi")
    for row in add_up(of_labelled, ["month", "service", "tenant"]).to_dicts():
        by_service[row["month"], row["service"]][row["tenant"]] = row | {name: _whole(row[name]) for name in COUNTS}
    rows = []
    for key in sorted(by_service):
        shares, cost, bill = tenant_shares(by_service[key], weights), exact.get(key), bills[key]
        tenants: Sequence[str | None] = sorted(shares, key=lambda one: (one is None, one or ""))
        costs = [cost * shares[tenant] if cost is not None else None for tenant in tenants]
        known = [one for one in costs if one is not None]
        cents = apportion(known, total=bill["cost"]) if known else [None] * len(tenants)
        for tenant, part, amount in zip(tenants, costs, cents, strict=True):
            name = tenant if tenant is not None else UNALLOCATED
            row = _row(part, by_service[key][tenant], weights)
            row |= {"month": key[0], "scope_kind": "tenant", "scope": f"{key[1]}/{name}", "service": key[1]}
            rows.append(row | {"tenant": name, "team": bill.get("team"), "cost": amount, "coverage": bill["coverage"]})
    return rows
