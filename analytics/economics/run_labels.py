"""Which run a pod belongs to, from its labels: the pairs of labels are data (run_labels.yaml).

A label's value is compared in the spelling of the system that wrote it. Airflow drops characters that a label may not
have and then adds a hash of the original, so a value cannot be read back: runs that a source told of are spelled the
same way and looked up. A label of a run that nobody told of stays as it is written.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

LONGEST = 63
DIGEST = 9
EDGES = re.compile(r"\A[^0-9A-Za-z]+|[^0-9A-Za-z]+\Z")
UNFIT = re.compile(r"[^0-9A-Za-z_.-]")

Run = tuple[str, str | None, str]
"""System, pipeline (None where labels do not name it) and run, as the labels spell them."""


class RunLabel(BaseModel):
    """One way in which pods name their run; see the comments in run_labels.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    system: str
    run: str = Field(pattern=r"^[a-zA-Z0-9_]+$")
    pipeline: str | None = Field(default=None, pattern=r"^[a-zA-Z0-9_]+$")
    spelling: Literal["airflow"] | None = None
    training: bool


@cache
def run_labels() -> tuple[RunLabel, ...]:
    """The entries of run_labels.yaml, in their order."""
    text = (files("analytics.economics") / "run_labels.yaml").read_text()
    return tuple(TypeAdapter(list[RunLabel]).validate_python(yaml.safe_load(text)))


def airflow_label(value: str) -> str:
    """`value` as Airflow makes it fit for a label (its `make_safe_label_value`): at most 63 characters; where anything
    was dropped or cut, it ends in a dash and the first 9 digits of the original's MD5."""
    fit = UNFIT.sub("", EDGES.sub("", value))
    if fit == value and len(fit) <= LONGEST:
        return fit
    digest = hashlib.md5(value.encode(), usedforsecurity=False).hexdigest()[:DIGEST]
    return f"{fit[: LONGEST - DIGEST - 1]}-{digest}"


SPELLINGS: Mapping[str | None, Callable[[str], str]] = {None: str, "airflow": airflow_label}


def runs_of(labels: pl.Series, entries: Iterable[RunLabel]) -> pl.DataFrame:
    """Columns labels, system, pipeline, run, training: one row for each different text of `labels` (JSON objects) that
    names a run."""
    left, found = pl.DataFrame({"labels": labels.drop_nulls().unique()}, schema={"labels": pl.String}), []
    for entry in entries:
        pipeline = _value(entry.pipeline) if entry.pipeline else pl.lit(None, pl.String)
        named = left.select(
            "labels", pl.lit(entry.system).alias("system"), pipeline.alias("pipeline"), _value(entry.run).alias("run"),
            pl.lit(entry.training).alias("training"),
        ).drop_nulls(["run", "pipeline"] if entry.pipeline else ["run"])  # fmt: skip
        found.append(named)
        left = left.join(named, on="labels", how="anti")
    return pl.concat(found)


def _value(label: str) -> pl.Expr:
    return pl.col("labels").str.json_path_match(f"$.{label}")


def spelled(system: str, pipeline: str, run: str, entries: Iterable[RunLabel]) -> list[Run]:
    """How labels may name a run that a source told of: one form for each entry of that system."""
    forms = []
    for entry in entries:
        if entry.system == system:
            spell = SPELLINGS[entry.spelling]
            forms.append((system, spell(pipeline) if entry.pipeline else None, spell(run)))
    return forms
