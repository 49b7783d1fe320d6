"""Alerts: what fires now, why somebody was paged or not, and what a reader can do about it. Reads the live log.

The page draws itself anew every ten seconds; what is opened, chosen or half written stays.
"""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from dashboards import formats, live, reliability_words
from dashboards.components.alert_actions import buttons
from dashboards.components.alert_list import alert_list, title_of
from dashboards.components.alert_panel import answer, particulars, sent, story
from dashboards.components.banner import evaluation, late, unusable
from dashboards.components.empty import empty
from dashboards.components.finding import caption, page_title, section
from dashboards.components.silence_list import silence_list
from dashboards.components.tile import Tile, tiles
from dashboards.components.timeline import timeline
from dashboards.queries import alert_times, alerts
from dashboards.queries.alerts import Health, Row, Wanted
from dashboards.view import team_chosen
from warehouse.alert_log.history import history
from warehouse.alert_log.silences import Silence, silences
from warehouse.errors import WarehouseError

EVERY = "10s"
MOST = 40
OPENED = "alert"
CONFIGURE = """\
# meterline.yaml
alerting: alertmanager.yml    # Alertmanager's own file: routes and receivers

meterline check
meterline run                 # evaluates the rules, routes, sends"""


@st.fragment(run_every=EVERY)
def page() -> None:
    """The whole page."""
    try:
        if live.begun():
            _page(datetime.now(UTC))
        else:
            page_title("Alerts", "No alert was ever evaluated here")
            empty(
                "There is no log of alerts yet",
                "It begins with the first start of the service. Meterline brings rules of its own; `alerting` says "
                "where their alerts go.",
                CONFIGURE,
            )
    except WarehouseError as error:
        unusable(error)


def _page(now: datetime) -> None:
    team = team_chosen() or ""
    health = live.ask(lambda log: alerts.health(log, now))
    everything = live.ask(lambda log: alerts.rows(log, now, ended=True))
    quiet = live.ask(lambda log: silences(log, now))
    of_team = [row for row in everything if Wanted(team=team).shows(row)]
    firing = [row for row in of_team if row.state != "resolved"]
    storm = health.alerts > alerts.MOST
    number = health.alerts if storm and not team else len(firing)
    page_title(f"Alerts · now, {now:%-d %b %H:%M} UTC · {team or 'all teams'}", _finding(firing, number, health, now))
    evaluation(health.evaluated_at, health.failing, now)
    if storm:
        caption(f"{health.alerts:,} alerts fire; figures and lines are of the newest {alerts.MOST:,} of them.")
    _figures(firing, health)
    if not everything:
        empty(
            "Nothing fires, and nothing did in the last seven days",
            "Rules are evaluated every half minute while the service runs. Alerts of others are taken at "
            "/api/v2/alerts, as Alertmanager takes them.",
            "meterline alerts rules          # which rules there are\n"
            "meterline alerts backtest RULE  # what one would have done",
        )
    else:
        wanted = _wanted(team, of_team)
        _list([row for row in of_team if wanted.shows(row)], firing, quiet, len(everything) - len(of_team), now)
        _timeline(wanted, now)
    silence_list(quiet, now)


def _finding(firing: list[Row], number: int, health: Health, now: datetime) -> str:
    pages = [row for row in firing if row.pages and row.state != "suppressed"]
    return reliability_words.alerts(
        number, [title_of(row) for row in pages if row.state == "active"], len(pages),
        sum(row.state == "suppressed" for row in firing), evaluated=not late(health.evaluated_at, now),
    )  # fmt: skip


def _figures(firing: list[Row], health: Health) -> None:
    def number(state: str) -> str:
        return formats.count(sum(row.state == state for row in firing))

    pages = sum(row.pages and row.state == "active" for row in firing)
    late = f"{formats.count(health.waiting)} wait to be sent" if health.waiting else "nothing waits to be sent"
    tiles(
        [
            Tile("Pages that nobody took", formats.count(pages), verdict="", target="fire, and are not acknowledged"),
            Tile("Active", number("active"), verdict="", target="pages among them"),
            Tile("Acknowledged", number("acknowledged"), verdict="", target="somebody is on it"),
            Tile("Suppressed", number("suppressed"), verdict="", target="silenced, inhibited or muted"),
            Tile("Refused, last 24 h", formats.count(health.dead), verdict="", target=late),
        ],
        small=True,
    )


def _wanted(team: str, rows: list[Row]) -> Wanted:
    """What the reader chose to see; it opens with what fires."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="ml-controls-alerts"):
        states = st.pills(
            "State", [state for state in alerts.STATES if state != "resolved"], selection_mode="multi", key="state",
            bind="query-params", label_visibility="collapsed", format_func=str.capitalize,
        )  # fmt: skip
        known = {row.severity: row.rank for row in rows}
        severities = st.pills(
            "Severity", sorted(known, key=lambda name: (known[name], name)), selection_mode="multi", key="severity",
            bind="query-params", label_visibility="collapsed", format_func=str.capitalize,
        )  # fmt: skip
        names = ["", *sorted({row.label("service") for row in rows} - {""})]
        service = st.selectbox(
            "Service", names, key="service", bind="query-params", label_visibility="collapsed", width=170,
            format_func=lambda name: name or "All services",
        )  # fmt: skip
        ended = st.toggle("Also ended in the last 7 days", key="ended", bind="query-params")
    wanted = states or [state for state in alerts.STATES if state != "resolved"]
    return Wanted(team, service or "", severities, [*wanted, "resolved"] if ended else wanted)


def _list(rows: list[Row], firing: list[Row], quiet: list[Silence], elsewhere: int, now: datetime) -> None:
    opened = st.query_params.get(OPENED)
    shown = rows[:MOST]
    if opened and all(row.fingerprint != opened for row in shown):  # it ended, or a filter hides it: it stays open
        kept = live.ask(lambda log: alerts.one(log, opened, now))
        shown = [kept, *shown] if kept else shown
    if not shown:
        caption("Nothing is left by these filters." if firing else "Nothing fires; the switch above shows what ended.")
    else:
        told = live.ask(lambda log: alerts.told(log, shown))
        alert_list(shown, told, opened, now, _go, lambda row: _panel(row, firing, quiet, now))
    notes = [f"The {MOST} most urgent of {len(rows):,}; filters show others."] if len(rows) > MOST else []
    if elsewhere:
        notes.append(f"{elsewhere:,} more are of other teams, or of none.")
    if notes:
        caption(" ".join(notes))


def _go(fingerprint: str) -> None:
    if st.query_params.get(OPENED) == fingerprint:
        del st.query_params[OPENED]
    else:
        st.query_params[OPENED] = fingerprint


def _panel(row: Row, firing: list[Row], quiet: list[Silence], now: datetime) -> None:
    known = live.ask(lambda log: history(log, row.fingerprint))
    if known is None:
        return
    answer(known, now, quiet)
    buttons(row, firing)
    left, right = st.columns([3, 2], gap="large")
    with left:
        story(known, now)
    with right:
        particulars(row)
    sent(known, now)


def _timeline(wanted: Wanted, now: datetime) -> None:
    to = now.replace(second=0, microsecond=0)  # the picture changes once a minute
    times = live.ask(lambda log: alert_times.episodes(log, wanted, to - alerts.RECENT, to))
    if times.is_empty():
        section("Nothing fired in the last seven days", "Times at which these alerts fired would be here.")
        return
    bars = alert_times.bars(times)
    section(
        f"{times.height:,} times in the last seven days" if times.height != 1 else "Once in the last seven days",
        "When which alert fired, UTC. A bar is a time; times of one name that overlap are one bar.",
    )
    timeline(bars, (to - alerts.RECENT).replace(tzinfo=None), to.replace(tzinfo=None))


page()
