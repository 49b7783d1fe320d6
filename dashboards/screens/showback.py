"""Showback: what was charged to whom, from the organisation down to a pod. Money is exact throughout."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import polars as pl
import streamlit as st

from dashboards import drill, formats, words
from dashboards.components import chart
from dashboards.components.bill import incomplete, status
from dashboards.components.drill import Line, breadcrumb, opening_rows
from dashboards.components.empty import empty
from dashboards.components.finding import caption, findings, page_title, section
from dashboards.components.markup import draw, key
from dashboards.components.rows import rows_behind
from dashboards.components.tile import Tile, tiles
from dashboards.names import said
from dashboards.queries import frame, showback
from dashboards.queries.showback import Selection
from dashboards.statement import BORNE, Statement, by_day, statement
from dashboards.view import View, chosen
from warehouse.charges import NO_SERVICE, UNALLOCATED

BY = {
    "cost_center": "Cost center", "team": "Team", "service": "Service", "model": "Model", "namespace": "Namespace",
    "pod": "Pod", "cluster": "Cluster", "gpu_model": "GPU model", "kind": "Kind of resource", "pricing": "Pricing",
}  # fmt: skip
STACK = (
    ("own_usage", "Used", "use"), ("own_idle", "Workload idle", "idle"), ("own_unmeasured", "Not measured", "dim"),
    ("nobody", "Requested by nobody", "pale"), ("shares", "Overhead and shares of idle", "dark"),
)  # fmt: skip
MOST = 25
CONFIGURE = (
    'prices:\n  gpu_hour:\n    - {model: NVIDIA-H100-80GB-HBM3, price: "2.50", from: 2026-01-01}\n'
    "teams:\n  - {name: search, namespaces: [search], cost_center: CC-100}"
)


def page(view: View) -> None:
    """The whole page."""
    place = drill.way()
    head = st.container()  # the finding stands above the controls that it depends on
    shared = _switch(view)
    where = tuple(dict([*([("team", view.team)] if view.team else []), *place]).items())
    selection = Selection(view.period, where, shared)
    whole = statement(view.results, selection, ("team",))
    if whole.rows.is_empty():
        with head:
            _nothing(view, place)
        return
    own = view.team or ""
    whose = said(place[-1][1], place[-1][0]) if place else own
    parts = whole.parts
    unowned = whole.amount("team", UNALLOCATED) if ("team", UNALLOCATED) not in where else Decimal(0)
    with head:
        page_title(
            view.eyebrow("Showback"),
            words.showback(
                whose, whole.total, parts["nobody"], parts["own_idle"], unowned, view.meta.currency, view.phrase
            ),
        )
        _way(view, place)
        status(view, selection)
    _figures(view, whole)
    incomplete(view, selection)
    _rows(view, selection, place, whole)
    _days(view, selection, whole)
    _lines(view, selection)
    findings(frame.findings(view.results, ("cost",)))


def _nothing(view: View, place: drill.Way) -> None:
    page_title(view.eyebrow("Showback"), f"Nothing was charged {view.phrase}")
    if place:
        _way(view, place)
    empty(
        "No cost in this period",
        "Cost is capacity and requests from kube-state-metrics times a price list. Configure a Prometheus source with "
        "that profile, prices and owners, or choose another period, team or place.",
        CONFIGURE,
    )


def _switch(view: View) -> bool:
    """Idle and shared cost as own rows, or with those who bear them; the configured policy is what it opens with."""
    possible = showback.shares_out(view.results)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="ml-controls-showback"):
        names = list(BY)
        first = "cost_center" if showback.has_cost_centers(view.results) and not view.team else "team"
        below = drill.below(drill.way()) or (drill.NEXT["team"] if view.team else first)
        st.selectbox(
            "Group by", names, index=names.index(below), key=drill.BY, bind="query-params", width=190,
            format_func=lambda name: f"By {BY[name].lower()}", label_visibility="collapsed",
        )  # fmt: skip
        return st.toggle(
            "Idle and shared cost with who bears it", value=possible, key="shared", bind="query-params",
            disabled=not possible,
            help="Off: idle, shared and overhead cost are rows of their own. On: as allocation.idle and "
            "allocation.shared of the configuration share them out."
            + ("" if possible else " The configuration shares nothing out."),
        )  # fmt: skip


def _way(view: View, place: drill.Way) -> None:
    steps = [view.team or "Organisation", *(said(value, column) for column, value in place)]
    if len(steps) > 1:
        breadcrumb(steps, lambda position: drill.go(place[:position], None if position else _top(view)))


def _top(view: View) -> str:
    if view.team:
        return drill.NEXT["team"]
    return "cost_center" if showback.has_cost_centers(view.results) else "team"


def _figures(view: View, whole: Statement) -> None:
    currency, total = view.meta.currency, whole.total

    def part(title: str, amount: Decimal, note: str) -> Tile:
        share = f"{formats.ratio(float(amount / total))} {note}" if total else ""
        return Tile(title, formats.money(amount, currency), verdict="", target=share)

    saved = whole.list_total - total
    shown = [
        Tile("Charged", formats.money(total, currency), verdict="", target="allocation basis"),
        part("Used", whole.parts["own_usage"], "usage basis"),
        part("Workload idle", whole.parts["own_idle"], "held, not used"),
    ]
    if whole.parts["nobody"]:
        shown.append(part("Requested by nobody", whole.parts["nobody"], "idle capacity"))
    if whole.parts["shares"]:
        shown.append(part("Overhead and shares", whole.parts["shares"], "not held here"))
    if saved:
        note = f"{formats.ratio(float(saved / whole.list_total))} off the list" if whole.list_total else ""
        shown.append(Tile("Saved on list prices", formats.money(saved, currency), verdict="", target=note))
    tiles(shown, small=True)


def _rows(view: View, selection: Selection, place: drill.Way, whole: Statement) -> None:
    by = st.session_state.get(drill.BY) or "team"
    if by in dict(place):  # the browser's back button can leave it so; there would be one row
        by = drill.below(place) or by
    found = statement(view.results, selection, (by,))
    instead = by == "service" and place and set(found.rows["service"].to_list()) == {NO_SERVICE}
    if instead:
        by = "namespace"
        found = statement(view.results, selection, (by,))
    shown = found.rows
    first = shown.row(0, named=True)
    title = f"{said(first[by], by)} is the largest of {words.many(shown.height, BY[by].lower())}"
    section(
        title if shown.height > 1 else f"By {BY[by].lower()}",
        ("No service matches these workloads; namespaces instead. " if instead else "")
        + "Rows add up to the total to the cent. Used is the usage basis: what workloads here held and used. What is "
        "charged beyond it they held idle, was not measured, or is borne.",
    )
    opens = drill.below((*place, (by, ""))) is not None and by not in dict(place)
    keys = shown[by].to_list()
    opening_rows(
        (BY[by], "Charged", "Share", "Used", "Workload idle", "GPU-hours"),
        _drawn(shown.head(MOST), by, found.total, view.meta.currency),
        (lambda position: drill.go((*place, (by, keys[position])))) if opens else None,
    )
    draw(key([(token, label, "") for name, label, token in STACK if shown[name].abs().max()], line=True))
    if shown.height > MOST:
        caption(f"The {MOST} largest of {formats.count(shown.height)}; all of them are in the rows.")
    rows_behind(found.rows, f"showback_{by}", "Showback in cents")


def _drawn(rows: pl.DataFrame, by: str, total: Decimal, currency: str) -> Sequence[Line]:
    most = max((float(cost) for cost in rows["cost"].to_list()), default=1.0) or 1.0

    def line(row: dict[str, Any]) -> Line:
        return Line(
            said(row[by], by),
            [(max(float(row[part]), 0.0), token) for part, _, token in STACK],
            float(row["cost"]) / most,
            (
                formats.money(row["cost"], currency),
                formats.ratio(float(row["cost"] / total) if total else None),
                formats.money(row["own_usage"], currency),
                formats.money(row["own_idle"], currency),
                formats.hours(float(row["gpu_hours"])),
            ),
        )

    return [line(row) for row in rows.to_dicts()]


def _days(view: View, selection: Selection, whole: Statement) -> None:
    days = by_day(view.results, selection)
    if days.is_empty():
        return
    currency = view.meta.currency
    dearest = days.sort("cost").row(-1, named=True)
    parts = [part for part in STACK if whole.parts[part[0]] or days[part[0]].abs().max()]
    section(
        f"The dearest day was {dearest['report_day']:%-d %B} with {formats.money(dearest['cost'], currency)}",
        f"Cost a day in {currency}, days in {view.meta.timezone}.",
    )
    draw(key([(token, label, formats.money(whole.parts[name], currency)) for name, label, token in parts], line=True))
    chart.daily_stack(
        days.rename({"report_day": "day"}), parts, f"{currency} a day", "Cost of each day by what it was for"
    )
    rows_behind(days.select("report_day", "cost", *BORNE), "showback_day", "Days behind this")


def _lines(view: View, selection: Selection) -> None:
    count = showback.line_count(view.results, selection)
    rows_behind(
        showback.lines(view.results, selection, 500), "cost_line", "Cost lines behind this", height=count,
        whole=lambda: showback.lines(view.results, selection).write_csv(),
    )  # fmt: skip


page(chosen())
