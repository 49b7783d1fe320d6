"""Whose requests are they: counts of a service become counts of the teams and models that bear its cost.

Metrics name a service, rarely who owns it. The cost lines do: a request belongs to the team that bore the service's
cost in its namespace on its day, so that cost and count of a team speak of the same work. Shares are doubles, as counts
are; money is never split here.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from warehouse.charges import NO_SERVICE

COUNTS = ("requests_all", "requests", "failed", "tokens_in", "tokens_out", "tokens_cached")


def to_teams(requests: pl.DataFrame, cost: pl.DataFrame, services: pl.DataFrame) -> pl.DataFrame:
    """`requests` with a column `team`, counts split where several teams bear a service on a day, by what each bears.

    `requests`: report_day, service, namespace, `COUNTS`. `cost`: report_day, service, namespace, team, cost_double.
    `services`: service, team as configured, for days on which the service cost nothing. The cost of the request's own
    namespace decides, else that of the service in any namespace. Counts without a team (null) belong to none.
    """
    near = _shares(cost, ("report_day", "service", "namespace"), "team")
    far = _shares(cost, ("report_day", "service"), "team")
    configured = services.select("service", "team", pl.lit(1.0).alias("share"))
    left, parts = requests, []
    for shares, on in ((near, ("report_day", "service", "namespace")), (far, ("report_day", "service"))):
        parts.append(left.join(shares, on=on, how="inner"))
        left = left.join(shares, on=on, how="anti")
    parts.append(left.join(configured, on="service", how="left"))
    columns = [*requests.columns, "team", "share"]
    split = pl.concat([part.select(columns) for part in parts])
    return split.with_columns(pl.col(name) * pl.col("share").fill_null(1.0) for name in COUNTS).drop("share")


def to_models(requests: pl.DataFrame, cost: pl.DataFrame, services: pl.DataFrame) -> pl.DataFrame:
    """`requests` with the column `model` as cost lines name it.

    It is the label where the service cost something as that model on that day, else the only model of its cost, else
    null. Without cost: the label, else as configured.

    `requests`: report_day, service, model (label), `COUNTS`; `cost`: report_day, service, model; `services`: service,
    model. Counts that no label assigns to one of several models are left out of all (null) rather than guessed.
    """
    known = cost.filter(pl.col("model") != NO_SERVICE).select("report_day", "service", "model").unique()
    alone = known.group_by("report_day", "service").agg(
        pl.when(pl.col("model").len() == 1).then(pl.col("model").first()).alias("only"), pl.lit(True).alias("costed")
    )
    named = known.with_columns(pl.col("model").alias("named"))
    return (
        requests.join(named, on=["report_day", "service", "model"], how="left")
        .join(alone, on=["report_day", "service"], how="left")
        .join(services.select("service", pl.col("model").alias("configured")), on="service", how="left")
        .with_columns(
            pl.when(pl.col("costed").is_not_null())
            .then(pl.coalesce("named", "only"))
            .otherwise(pl.coalesce("model", "configured"))
            .alias("model")
        )
        .drop("named", "only", "costed", "configured")
    )


def _shares(cost: pl.DataFrame, keys: Sequence[str], column: str) -> pl.DataFrame:
    """Columns `keys`, `column`, share: which part of the keys' cost each value bears; equal parts where none costs."""
    # a credit bears nothing; a line without a price is there, and weighs nothing
    borne = cost.group_by(*keys, column).agg(pl.col("cost_double").sum().clip(lower_bound=0).alias("weight"))
    whole = pl.col("weight").sum().over(list(keys))
    return borne.select(
        *keys, column,
        pl.when(whole > 0).then(pl.col("weight") / whole).otherwise(1.0 / pl.len().over(list(keys))).alias("share"),
    )  # fmt: skip


def add_up(requests: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Sums of `COUNTS` by `keys`; null where nothing of that kind was counted."""
    sums = [pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name) for name in COUNTS]
    return requests.group_by(*keys).agg(sums)
