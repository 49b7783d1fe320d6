"""What a file in `boards` may say. Texts hold words between `<<` and `>>`, which `dashboard` fills in."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["timeseries", "stat", "table"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Query(_Section):
    """One line of a chart, or one column of a table, which `legend` names. `unit` where it is not the panel's."""

    expr: str
    legend: str = ""
    unit: str | None = None


class Panel(_Section):
    """One panel. `unit` is Grafana's id of it; `limit` a number, drawn as a line. `width` of 24 columns.

    `each: burn_rule` repeats it for every burn rule, as `rule`.
    """

    title: str
    kind: Kind = "timeseries"
    unit: str = "short"
    description: str = ""
    queries: tuple[Query, ...] = Field(min_length=1)
    limit: str | None = None
    stacked: bool = False
    largest: float | None = None
    width: int = Field(default=12, ge=3, le=24)
    height: int = Field(default=8, ge=3, le=24)
    each: Literal["burn_rule"] | None = None


class Row(_Section):
    """Panels under a heading. `each: serving_profile` repeats it for every serving runtime, as `runtime`."""

    title: str
    panels: tuple[Panel, ...] = Field(min_length=1)
    each: Literal["serving_profile"] | None = None


class Variable(_Section):
    """A choice on top of the dashboard, of many values or all: `$name` in expressions."""

    name: str
    label: str
    query: str


class Board(_Section):
    """One dashboard. `needs` is said where it cannot be made; `match` are matchers added to every selector of a word;
    `refresh` and `since` are Grafana's. `phrases` are PromQL that several panels share, `<< phrase("name") >>`.
    """

    uid: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    title: str
    description: str
    needs: str
    tags: tuple[str, ...] = ("meterline",)
    match: str = ""
    phrases: dict[str, str] = Field(default_factory=dict)
    since: str = "now-24h"
    refresh: str = "1m"
    variables: tuple[Variable, ...] = ()
    rows: tuple[Row, ...] = Field(min_length=1)


@cache
def boards() -> tuple[Board, ...]:
    """All boards, in the order of their files' names."""
    folder = files("meterline.grafana") / "boards"
    found = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".yaml")), key=lambda entry: entry.name)
    return tuple(Board.model_validate(yaml.safe_load(entry.read_text(encoding="utf-8"))) for entry in found)
