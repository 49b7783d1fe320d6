"""Answers of one window -> rows of the fact tables, with the watermark, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files

import polars as pl
import yaml

from collector.prometheus.profile import Profile
from collector.prometheus.window import MetricRows
from warehouse.database import Warehouse
from warehouse.interval import Interval, naive
from warehouse.samples import replace_samples, streams


def store_window(
    warehouse: Warehouse,
    source: str,
    profile: Profile,
    window: Interval,
    answers: Sequence[MetricRows],
    now: datetime,
) -> int:
    """Put what the metrics of `profile` answered in place of what is stored of `window`; returns the fact rows."""
    where = {"source": source, "profile": profile.id}
    rows = [answer.rows for answer in answers if not answer.rows.is_empty()]
    stored = 0
    with warehouse.transaction() as tx:
        if rows:
            rollup = pl.concat(rows).with_columns(layer=pl.lit(profile.layer, dtype=pl.String))
            with tx.frames(rollup=rollup, share=shares(), fraction=fractions(), span=_span(source, profile, window)):
                for table in profile.fills:
                    stored += tx.replace_window_from(table, where, window, _statement(table))
        else:
            for table in profile.fills:
                tx.replace_window(table, where, window, None)
        for table in profile.fills:
            tx.advance(source, profile.id, table, window, now)
        known = streams(tx, source)
        for (speaker, metric), answer in zip(profile.readings, answers, strict=True):
            stream = metric.stream(speaker)
            if answer.raw is not None and (stream in known or not answer.raw.samples.is_empty()):
                replace_samples(tx, source, stream, window, answer.raw.series, answer.raw.samples)
    return stored


@cache
def _statement(table: str) -> str:
    return (files("collector.prometheus") / "facts" / f"{table}.sql").read_text()


def _span(source: str, profile: Profile, window: Interval) -> pl.DataFrame:
    """One row: what is being stored, for facts that depend on what is known of the hour before the window."""
    row = {"source": source, "profile": profile.id, "start": naive(window.start)}
    return pl.DataFrame([row], schema_overrides={"start": pl.Datetime("us")})


@cache
def fractions() -> pl.DataFrame:
    """What resources of shared cards count, from fractions.yaml: columns name, resource, part, per, capacity."""
    table = yaml.safe_load((files("collector.prometheus") / "fractions.yaml").read_text())
    schema = {"name": pl.String, "resource": pl.String, "part": pl.String, "per": pl.Int64, "capacity": pl.Boolean}
    return pl.DataFrame([{"name": name, **row} for name, row in table.items()], schema=schema)


@cache
def shares() -> pl.DataFrame:
    """What part of a physical GPU a MIG profile or its Kubernetes resource is: columns name, num, den."""
    table = yaml.safe_load((files("collector.prometheus") / "shares.yaml").read_text())
    rows = [(profile, num, den) for profile, (num, den) in table.items()]
    rows += [(f"nvidia_com_mig_{profile.replace('.', '_')}", num, den) for profile, num, den in rows]
    return pl.DataFrame(rows, schema={"name": pl.String, "num": pl.Int64, "den": pl.Int64}, orient="row")
