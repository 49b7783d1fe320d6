"""What each training run cost.

---
kind: result
title: Cost of training runs
question: What did each training run cost?
formula: >
  exact cost of the pods whose labels name the run (Airflow dag_id + run_id, Kubeflow pipeline run, training job, Argo
  workflow), shared cost as the sharing policy moves it included, all months together; a run stands in the month of
  the report's time zone in which it ended; cents of a month and pipeline by largest remainder
source: labelled_cost and pipeline_run; labels in analytics/economics/run_labels.yaml
missing: >
  cost is null where no pod with labels of the run was seen, or none has a price; state is null where no pipeline
  source knows the run; month is null while it is in flight; pipeline is the system's name where labels do not tell
  it; pods without such labels are in no run
reads: [labelled_cost, pipeline_run, report_setting]
---
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from analytics.economics.run_labels import Run, run_labels, runs_of, spelled
from warehouse.charges import PRICE, QUANTITY, exact_sums
from warehouse.money import apportion

SCHEMA = pl.Schema({
    "month": pl.Date(), "system": pl.String(), "pipeline": pl.String(), "run_id": pl.String(), "state": pl.String(),
    "started_at": pl.Datetime("us"), "ended_at": pl.Datetime("us"), "team": pl.String(), "gpu_hours": pl.Float64(),
    "cost": pl.Decimal(18, 2),
})  # fmt: skip
TRAINING = "training"
IN_FLIGHT = ("queued", "running")


@dataclass(slots=True)
class _Held:
    """What pods with the labels of one run held; `cost` stays None while no line has a price."""

    training: bool
    cost: Fraction | None = None
    gpu_hours: Fraction = Fraction(0)
    last_day: date | None = None
    teams: dict[str, Fraction] = field(default_factory=lambda: defaultdict(Fraction))


def compute(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """One row a training run that a pipeline source told of or that labels of pods name."""
    zones = tables["report_setting"]["timezone"].to_list()
    held = _held(tables["labelled_cost"])
    told = tables["pipeline_run"].sort("observed_at")  # where labels cannot tell two apart, the newer one is meant
    by_label: dict[Run, dict[str, Any]] = {}
    kinds: dict[tuple[str, str | None], str] = {}
    latest: dict[tuple[str, str, str], dict[str, Any]] = {}
    for run in told.to_dicts():
        latest[run["system"], run["pipeline"], run["run_id"]] = run
        for form in spelled(run["system"], run["pipeline"], run["run_id"], run_labels()):
            by_label[form] = run
            kinds[form[:2]] = run["kind"]
    rows, seen = [], set()
    for form, one in held.items():
        known = by_label.get(form)
        if known is not None:
            seen.add((known["system"], known["pipeline"], known["run_id"]))
        kind = known["kind"] if known else kinds.get(form[:2]) if form[1] else None
        if kind == TRAINING or (kind is None and one.training):
            rows.append(_row(known or {"system": form[0], "pipeline": form[1] or form[0], "run_id": form[2]}, one))
    rows += [_row(run, None) for key, run in latest.items() if key not in seen and run["kind"] == TRAINING]
    zone = ZoneInfo(zones[0] if zones else "UTC")
    return pl.DataFrame([{name: row[name] for name in SCHEMA} for row in _in_cents(rows, zone)], schema=SCHEMA)


def _held(lines: pl.DataFrame) -> dict[Run, _Held]:
    named = lines.join(runs_of(lines["labels"], run_labels()), on="labels", how="inner")
    named = named.with_columns(
        pl.lit(None, PRICE).alias("list_price"), pl.lit(None, QUANTITY).alias("used"),
        pl.col("price").is_not_null().alias("priced"),
    )  # fmt: skip
    held: dict[Run, _Held] = {}
    sums = exact_sums(named, ("system", "pipeline", "run", "training", "team", "priced"))
    for (system, pipeline, run, training, team, priced), part in sums.items():
        one = held.setdefault((system, pipeline, run), _Held(training))
        one.gpu_hours += part.gpu_hours
        one.teams[team] += part.cost
        if priced:
            one.cost = (one.cost or Fraction(0)) + part.cost
    for system, pipeline, run, last in named.group_by("system", "pipeline", "run").agg(pl.col("last_day").max()).rows():
        held[system, pipeline, run].last_day = last
    return held


def _row(run: Mapping[str, Any], held: _Held | None) -> dict[str, Any]:
    row = {name: run.get(name) for name in ("system", "pipeline", "run_id", "state", "started_at", "ended_at")}
    if held is None:
        return row | {"team": None, "gpu_hours": None, "exact": None, "last_day": None}
    team = min(held.teams, key=lambda name: (-held.teams[name], name))  # the one that bore most of it
    return row | {"team": team, "gpu_hours": float(held.gpu_hours), "exact": held.cost, "last_day": held.last_day}


def _in_cents(rows: Sequence[dict[str, Any]], zone: ZoneInfo) -> list[dict[str, Any]]:
    """The rows with month and cost: cents of one month, system and pipeline add up to their exact sum."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        row["month"], row["cost"] = _month(row, zone), None
        if row["exact"] is not None:
            groups[str(row["month"]), row["system"], row["pipeline"]].append(row)
    for members in groups.values():
        members.sort(key=lambda row: str(row["run_id"]))
        for row, cents in zip(members, apportion([row["exact"] for row in members]), strict=True):
            row["cost"] = cents
    return sorted(rows, key=lambda row: (str(row["month"]), row["system"], row["pipeline"], row["run_id"]))


def _month(row: Mapping[str, Any], zone: ZoneInfo) -> date | None:
    ended: datetime | None = row["ended_at"]
    if row["state"] in IN_FLIGHT:
        return None
    day = ended.replace(tzinfo=UTC).astimezone(zone).date() if ended is not None else row["last_day"]
    return day.replace(day=1) if day is not None else None
