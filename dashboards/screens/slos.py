"""SLOs: how each objective stands, what is left of its error budget, how fast that burns, and when which rule fired."""

from __future__ import annotations

from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from dashboards import formats, reliability_words
from dashboards.components import objective
from dashboards.components.empty import empty
from dashboards.components.finding import findings, page_title, section
from dashboards.components.markup import text
from dashboards.components.objective_panel import panel
from dashboards.components.opening import Opening, name_cell, openings, second
from dashboards.components.rows import Column, rows_behind, table
from dashboards.components.tile import Tile, tiles
from dashboards.formats import DASH
from dashboards.kpi_tile import one
from dashboards.queries import frame, slo
from dashboards.view import View, chosen

OPENED = "slo"
HEADS = ("State", "SLO", "Objective", "Attained, method", "Error budget left", "Burns, last hour")
CONFIGURE = """\
meterline slo template                                   # what there is a template for
meterline slo template ttft --service chat > slos/chat-ttft.yaml

# meterline.yaml
slos: [slos/*.yaml]"""


def page(view: View) -> None:
    """The whole page."""
    rows = slo.objectives(view.results, view.team)
    if rows.is_empty():
        page_title(view.eyebrow("SLOs"), "No objective is set" + (f" for {view.team}" if view.team else ""))
        empty(
            "No SLOs",
            "Objectives are OpenSLO v1 files that the configuration names. Templates for serving need no more than the "
            "service; others measure by PromQL of your own." + (" Or choose another team." if view.team else ""),
            CONFIGURE,
        )
        return
    state = f"state at {formats.moment(rows['as_of'].max())}"  # type: ignore[arg-type]
    page_title(" · ".join(["SLOs", state, view.team or "all teams"]), _finding(rows))
    _figures(view, rows)
    burns = slo.burns(view.results, view.team)
    _all(view, rows, burns)
    _windows(rows, burns)
    findings(frame.findings(view.results, ("slo",)))


def _named(rows: pl.DataFrame, state: str) -> list[str]:
    return list(dict.fromkeys(objective.name(row) for row in rows.filter(state=state).to_dicts()))


def _finding(rows: pl.DataFrame) -> str:
    blind = rows.filter(pl.col("state").is_in(["no_data", "no_traffic"])).height
    return reliability_words.slos(_named(rows, "breached"), _named(rows, "burning"), blind, rows.height)


def _figures(view: View, rows: pl.DataFrame) -> None:
    def number(title: str, states: tuple[str, ...], note: str) -> Tile:
        return Tile(title, formats.count(rows.filter(pl.col("state").is_in(states)).height), verdict="", target=note)

    kpi = one(view, "slo_attainment")
    tiles(
        [
            *([kpi] if kpi else []),
            number("Met", ("met",), f"of {rows.height:,} objectives, now"),
            number("Burning", ("burning",), "a burn rate rule fires"),
            number("Breached", ("breached",), "the budget is used up"),
            number("Cannot be told", ("no_data", "no_traffic"), "no data or no traffic"),
        ],
        small=True,
    )


def _all(view: View, rows: pl.DataFrame, burns: pl.DataFrame) -> None:
    section(
        "Objectives, those that need attention first",
        "Attained is good of all in the window, counted by the method below it; a different method would give a "
        "different number. Where nothing was measured there is no number.",
    )
    of = {row["key"]: row for row in rows.to_dicts()}
    opened = st.query_params.get(OPENED, next(iter(of)))
    openings(
        "slo", HEADS, [_line(row, key == opened) for key, row in of.items()], opened, _go(opened),
        lambda key: panel(
            of[key], burns.filter(key=key) if burns.height else burns,
            slo.history(view.results, of[key]["slo"], of[key]["objective"]),
            slo.events(view.results, of[key]["slo"], of[key]["objective"]),
        ),
    )  # fmt: skip
    rows_behind(rows.drop("key"), "slo_status", "Objectives as published")


def _go(opened: str) -> Any:
    def go(key: str) -> None:
        st.query_params[OPENED] = "" if key == opened else key

    return go


def _line(row: dict[str, Any], is_open: bool) -> Opening:
    whose = " · ".join(part for part in (row["service"], row["team"]) if part)
    cells = (
        objective.state(row),
        name_cell(objective.name(row), whose, is_open=is_open),
        f"{text(objective.percent(row['target']))}{second(objective.window(row))}",
        f"{text(objective.attainment(row))}{second(objective.method(row))}",
        objective.budget(row),
        f"{text(objective.rate(row['burn_rate_1h']))}{second(objective.lasts(row))}",
    )
    return Opening(row["key"], objective.name(row), cells)


def _windows(rows: pl.DataFrame, burns: pl.DataFrame) -> None:
    if burns.is_empty():
        return
    section(
        "Burn rates by window",
        "1 uses the budget up exactly in its window. ▲ is above what a rule of the objective fires at; a rule fires "
        "when both of its windows are.",
    )
    lengths = burns.select("window", "window_s").unique().sort("window_s").rows()
    of = {(row["key"], row["window_s"]): row for row in burns.sort("factor", descending=True).to_dicts()}
    table(
        rows,
        [
            Column("SLO", objective.name),
            Column("Method", lambda row: str(row["method"])),
            *(Column(window, partial(_rate, of, size), number=True, html=True) for window, size in lengths),
        ],
        most=60,
    )  # fmt: skip
    rows_behind(burns.drop("key"), "slo_burn", "Burn rates as published")


def _rate(of: dict[tuple[str, int], dict[str, Any]], size: int, objective_row: dict[str, Any]) -> str:
    """The rate, marked where it is above the lowest factor of a rule with this window."""
    row = of.get((objective_row["key"], size))
    if row is None:
        return ""
    if row["burn_rate"] is None:
        return {"no_data": "no data", "no_traffic": "no traffic"}.get(row["status"], DASH)
    shown = text(objective.rate(row["burn_rate"]))
    return f'<span class="ml-verdict ml-fail">▲ {shown}</span>' if row["burn_rate"] > row["factor"] else shown


page(chosen())
