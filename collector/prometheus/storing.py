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
from warehouse.interval import Interval
from warehouse.samples import replace_samples
from warehouse.writing import Transaction


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
    stored = 0
    with warehouse.transaction() as tx:
        for table, frame in _facts(tx, profile, answers).items():
            tx.replace_window(table, where, window, frame)
            tx.advance(source, profile.id, table, window, now)
            stored += frame.height
        for metric, answer in zip(profile.metrics, answers, strict=True):
            if answer.raw is not None:
                stream = metric.stream(profile)
                replace_samples(tx, source, stream, window, answer.raw.series, answer.raw.samples)
    return stored


def _facts(tx: Transaction, profile: Profile, answers: Sequence[MetricRows]) -> dict[str, pl.DataFrame]:
    """The rows of every fact table that the profile fills; empty frames where the window has none."""
    rows = [answer.rows for answer in answers if not answer.rows.is_empty()]
    if not rows:
        return {table: pl.DataFrame() for table in profile.fills}
    rollup = pl.concat(rows).with_columns(layer=pl.lit(profile.layer, dtype=pl.String))
    with tx.frames(rollup=rollup, share=shares()):
        return {table: tx.query(_statement(table)) for table in profile.fills}


@cache
def _statement(table: str) -> str:
    return (files("collector.prometheus") / "facts" / f"{table}.sql").read_text()


@cache
def shares() -> pl.DataFrame:
    """What part of a physical GPU a MIG profile or its Kubernetes resource is: columns name, num, den."""
    table = yaml.safe_load((files("collector.prometheus") / "shares.yaml").read_text())
    rows = [(profile, num, den) for profile, (num, den) in table.items()]
    rows += [(f"nvidia_com_mig_{profile.replace('.', '_')}", num, den) for profile, num, den in rows]
    return pl.DataFrame(rows, schema={"name": pl.String, "num": pl.Int64, "den": pl.Int64}, orient="row")
