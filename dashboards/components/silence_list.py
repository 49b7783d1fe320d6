"""Silences that are in force or to come, each with the button that ends it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from dashboards import actions
from dashboards.components.alert_actions import failed, said, say
from dashboards.components.finding import section
from dashboards.components.markup import draw, text
from dashboards.formats import age, clock
from warehouse.alert_log.silences import Silence
from warehouse.errors import WarehouseError

ABOUT = "silences"
MOST = 50


def silence_list(silences: Sequence[Silence], now: datetime) -> None:
    """The next to end first. Nothing but a line where there is none."""
    if not silences:
        section("No silence is in force", "An opened alert can be silenced; every silence needs a reason and an end.")
        said(ABOUT)
        return
    many = "1 silence keeps" if len(silences) == 1 else f"{len(silences)} silences keep"
    section(f"{many} notifications back", "What fires meanwhile is still kept and shown; the next to end first.")
    for one in silences[:MOST]:
        with st.container(horizontal=True, vertical_alignment="center", key=f"ml-silence-{one.id}", gap="small"):
            draw(_line(one, now))
            st.button("End now", key=f"end-{one.id}", on_click=_end, args=(one.id,), help=f"End the silence {one.id}")
    said(ABOUT)


def matchers_of(one: Silence) -> str:
    """As Alertmanager prints them."""
    return ", ".join(f'{matcher["name"]}{matcher["op"]}"{matcher["value"]}"' for matcher in one.matchers)


def _line(one: Silence, now: datetime) -> str:
    when = (
        f"until {clock(one.ends_at, now)} UTC, {age(one.ends_at - now)} more" if one.state(now) == "active"
        else f"from {clock(one.starts_at, now)} to {clock(one.ends_at, now)} UTC"
    )  # fmt: skip
    return (
        f'<div class="ml-quieted"><b>{text(matchers_of(one))}</b><span>{text(when)}</span>'
        f"<span>{text(one.created_by)}: {text(one.comment)}</span></div>"
    )


def _end(silence_id: str) -> None:
    try:
        ended = actions.end_silence(silence_id, datetime.now(UTC))
    except WarehouseError as error:
        failed(ABOUT, error)
    else:
        say(ABOUT, "The silence has ended." if ended else "It had ended already.")
