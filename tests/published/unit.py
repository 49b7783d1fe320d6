"""Unit costs of the fixture: of services, models, teams, tenants and the platform, and of training runs."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl

from published.inventory import SERVICES
from published.lines import months
from warehouse.money import round_half_even

MONEY, CENTS = pl.Decimal(18, 8), pl.Decimal(18, 2)
EIGHT = Decimal("1E-8")
TENANTS = {"chat": (("acme", "0.62"), ("globex", "0.31"))}  # 7 % of the requests bear no tenant
WEIGHTS = {"tokens_in": Fraction(1), "tokens_out": Fraction(4), "tokens_cached": Fraction(1, 10)}
COUNTS = ("requests", "requests_all", "failed", "tokens_in", "tokens_out", "tokens_cached")
PRICES = ("per_1k_inferences", "per_1m_tokens", "per_1m_tokens_in", "per_1m_tokens_out", "per_1m_tokens_cached",
          "weighted_in", "weighted_out", "weighted_cached")  # fmt: skip
SCHEMA = {
    "month": pl.Date, "scope_kind": pl.String, "scope": pl.String, "service": pl.String, "team": pl.String,
    "model": pl.String, "tenant": pl.String, "cost": CENTS, **dict.fromkeys(COUNTS, pl.Int64),
    **dict.fromkeys(PRICES, MONEY), "failed_cost": CENTS, "coverage": pl.Float64,
}  # fmt: skip
RUN_COST = {
    "month": pl.Date, "system": pl.String, "pipeline": pl.String, "run_id": pl.String, "state": pl.String,
    "started_at": pl.Datetime("us"),
    "ended_at": pl.Datetime("us"), "team": pl.String, "gpu_hours": pl.Float64, "cost": CENTS,
}  # fmt: skip
MONTH_COST = {
    "month": pl.Date, "system": pl.String, "pipeline": pl.String, "runs": pl.Int64, "successful": pl.Int64,
    "runs_without_cost": pl.Int64, "cost": CENTS, "per_run": MONEY,
    "per_successful_run": MONEY,
}  # fmt: skip


def unit_costs(rows: list[dict[str, Any]], serving: pl.DataFrame) -> pl.DataFrame:
    """unit_cost_month: sums of services make up every other scope; moderation is never asked anything."""
    found = []
    for month in months():
        cost: dict[str, Fraction] = defaultdict(Fraction)
        for row in rows:
            if row["billing_month"] == month:
                cost[row["service"]] += row["exact"]
        groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        for name, team, _, model, *_ in SERVICES:
            one = _counts(
                serving.filter((pl.col("service") == name) & (pl.col("day").dt.truncate("1mo") == month)), name
            )
            one |= {
                "service": name,
                "team": team,
                "model": model,
                "cost": cost[name],
                "covered": 0.91 if name == "ocr" else 1.0,
            }
            for kind in ("service", "team", "model"):
                groups[kind, one[kind]].append(one)
            groups["platform", "platform"].append(one)
            for tenant, share in TENANTS.get(name, ()):
                part = {column: None if one[column] is None else round(one[column] * float(share)) for column in COUNTS}
                groups["tenant", f"{name}/{tenant}"].append(
                    one | part | {"tenant": tenant, "cost": one["cost"] * Fraction(share)}
                )
        found += [_row(month, kind, scope, members) for (kind, scope), members in groups.items()]
    return pl.DataFrame(found, schema=SCHEMA)


def _counts(days: pl.DataFrame, name: str) -> dict[str, Any]:
    def total(column: str) -> int | None:
        return None if days[column].null_count() else round(days[column].sum())

    counts: dict[str, Any] = {"requests": total("good"), "requests_all": total("requests"), "failed": total("bad"),
                              "tokens_in": total("tokens_in"), "tokens_out": total("tokens_out")}  # fmt: skip
    counts["tokens_cached"] = counts["tokens_in"] // 5 if name == "chat" else None
    return counts | dict.fromkeys(("requests", "requests_all", "failed"), 0) if name == "moderation" else counts


def _row(month: Any, kind: str, scope: str, members: list[dict[str, Any]]) -> dict[str, Any]:
    cost = sum((one["cost"] for one in members), Fraction(0))
    sums = {column: sum(one[column] for one in members if one[column] is not None) for column in COUNTS}
    sums |= {column: None for column in COUNTS if all(one[column] is None for one in members)}

    def per(count: int | None, size: int) -> Decimal | None:
        return round_half_even(cost * size / count, EIGHT) if count else None

    both = (sums["tokens_in"] or 0) + (sums["tokens_out"] or 0)
    weight = sum((WEIGHTS[column] * (sums[column] or 0) for column in WEIGHTS), Fraction(0))
    alone = len(members) == 1
    covered = sum(float(one["cost"]) * one["covered"] for one in members) / float(cost) if cost else None
    return {
        "month": month, "scope_kind": kind, "scope": scope, "service": members[0]["service"] if alone else None,
        "team": members[0]["team"] if kind != "platform" else None, "model": members[0]["model"] if alone else None,
        "tenant": members[0].get("tenant"), "cost": round_half_even(cost), **sums,
        "per_1k_inferences": per(sums["requests"], 1000), "per_1m_tokens": per(both, 10**6),
        **{f"per_1m_{column}": per(sums[column], 10**6) for column in WEIGHTS},
        **{
            f"weighted_{column.removeprefix('tokens_')}": (
                round_half_even(cost * 10**6 * WEIGHTS[column] / weight, EIGHT) if sums[column] and weight else None
            )
            for column in WEIGHTS
        },
        "failed_cost": round_half_even(cost * sums["failed"] / sums["requests_all"]) if sums["requests_all"] else None,
        "coverage": covered if sums["requests_all"] else 0.0,
    }  # fmt: skip


def training(recent: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """training_run_cost and training_cost_month: four H100s at 2.50 while a run took."""
    runs = []
    for row in recent.filter((pl.col("kind") == "training") & pl.col("ended_at").is_not_null()).to_dicts():
        team = {"train_ranker": "ranking", "train_vision": "vision"}.get(row["pipeline"], "research")
        hours = Fraction(round(row["duration_s"] * 4), 3600)
        unknown = row["run_id"].endswith("7")
        runs.append({
            "month": row["ended_at"].date().replace(day=1), "system": "airflow",
            **{name: row[name] for name in ("pipeline", "run_id", "state", "started_at", "ended_at")}, "team": team,
            "gpu_hours": None if unknown else float(hours),
            "cost": None if unknown else round_half_even(hours * Fraction("2.50")),
        })  # fmt: skip
    by_month: dict[tuple[Any, str], list[dict[str, Any]]] = defaultdict(list)
    for run in runs:
        by_month[run["month"], run["pipeline"]].append(run)
    months_ = []
    for (month, pipeline), members in sorted(by_month.items()):
        known = [run for run in members if run["cost"] is not None]
        cost = sum((run["cost"] for run in known), Decimal(0))
        good = sum(run["state"] == "success" for run in known)
        months_.append({
            "month": month, "system": "airflow", "pipeline": pipeline, "runs": len(known), "successful": good,
            "runs_without_cost": len(members) - len(known), "cost": cost,
            "per_run": round_half_even(Fraction(cost) / len(known), EIGHT),
            "per_successful_run": round_half_even(Fraction(cost) / good, EIGHT) if good else None,
        })  # fmt: skip
    return pl.DataFrame(runs, schema=RUN_COST), pl.DataFrame(months_, schema=MONTH_COST)
