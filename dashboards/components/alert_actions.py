"""The buttons of an alert: acknowledge, judge, silence. Each needs a name; what was done or is missing stands below."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from dashboards import actions
from dashboards.components.markup import draw, sentence, text
from dashboards.formats import clock
from dashboards.queries.alerts import Row
from warehouse.alert_log.feedback import VERDICTS
from warehouse.errors import WarehouseError

WHO = "who"
SAID = "ml-said"
VERDICT_HELP = {
    "actionable": "Somebody had to act on it.", "noise": "Nobody had to act.",
    "planned": "It was planned work.", "duplicate": "Another page said the same.",
}  # fmt: skip


def buttons(row: Row, firing: Sequence[Row]) -> None:
    """What the reader may do about `row`; `firing` is what a silence may match."""
    one, episode = row.fingerprint, row.listed.episode
    with st.container(horizontal=True, vertical_alignment="bottom", key="ml-say", gap="small"):
        st.text_input("Your name", key=WHO, persist_state="session", width=170, max_chars=80)
        st.text_input("Note (optional)", key=f"note-{one}", width=300, max_chars=500)
        if row.state != "resolved":
            st.button(
                "Acknowledge", key=f"ack-{one}", type="primary", on_click=_acknowledge, args=(one,),
                disabled=episode.acked_at is not None, help="You are on it; PagerDuty hears of it, too.",
            )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center", key="ml-judge", gap="small"):
        draw('<span class="ml-asked">Was it worth it?</span>')
        for verdict in VERDICTS:
            mark = "✓ " if episode.verdict == verdict else ""
            st.button(f"{mark}{verdict.capitalize()}", key=f"{verdict}-{one}", on_click=_judge, args=(one, verdict),
                      help=VERDICT_HELP.get(verdict))  # fmt: skip
    if row.state != "resolved":
        with st.expander("Silence it or what is like it", key=f"quiet-{one}"):
            _silence(row, firing)
    said(one)


def say(about: str, words: str, *, wrong: bool = False) -> None:
    """Let `words` stand below what they are about (an alert's fingerprint, or a list) until the next action."""
    st.session_state[SAID] = (about, words, wrong)


def said(about: str) -> None:
    """Show what was last done about it, or why not."""
    of, words, wrong = st.session_state.get(SAID) or ("", "", False)
    if of == about:
        role, css_class = ("alert", "ml-banner") if wrong else ("status", "ml-banner ml-done")
        draw(f'<div class="{css_class}" role="{role}"><p>{text(words)}</p></div>')


def failed(about: str, error: WarehouseError) -> None:
    """Let the reason why nothing was written stand below what it is about."""
    say(about, f"Nothing was written. {sentence(error.message)} {sentence(error.remedy)}", wrong=True)


def _who(one: str) -> str:
    name = str(st.session_state.get(WHO) or "").strip()
    if not name:
        say(one, "Write your name first; it stands beside what you say.", wrong=True)
    return name


def _note(one: str) -> str:
    return str(st.session_state.get(f"note-{one}") or "").strip()


def _acknowledge(one: str) -> None:
    if name := _who(one):
        try:
            actions.acknowledge(one, name, _note(one), datetime.now(UTC))
        except WarehouseError as error:
            failed(one, error)
        else:
            say(one, f"Acknowledged by {name}.")


def _judge(one: str, verdict: str) -> None:
    if name := _who(one):
        try:
            actions.judge(one, verdict, name, _note(one), datetime.now(UTC))
        except WarehouseError as error:
            failed(one, error)
        else:
            say(one, f"Judged {verdict} by {name}.")


def _silence(row: Row, firing: Sequence[Row]) -> None:
    one = row.fingerprint
    labels = dict(sorted(row.listed.alert.labels.items()))
    chosen = st.multiselect(
        "Alerts that have all of", list(labels), default=list(labels), key=f"quiet-labels-{one}",
        format_func=lambda name: f'{name}="{labels[name]}"', help="Take labels away to silence more.",
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="ml-quiet"):
        st.selectbox("For", list(actions.SPANS), index=2, key=f"quiet-span-{one}", width=150)
        st.text_input("Why (required)", key=f"quiet-why-{one}", width=330, max_chars=500)
        st.button("Silence", key=f"quiet-now-{one}", on_click=_silence_now, args=(one, labels))
    alike = sum(all(other.label(name) == labels[name] for name in chosen) for other in firing) if chosen else 0
    draw(
        f'<p class="ml-fresh">Of the alerts that fire now it would keep back <b>{alike}</b>.</p>' if chosen
        else '<p class="ml-fresh">Choose at least one label; without any it would keep every page back.</p>'
    )  # fmt: skip


def _silence_now(one: str, labels: dict[str, str]) -> None:
    chosen = {name: labels[name] for name in st.session_state[f"quiet-labels-{one}"]}
    why = str(st.session_state[f"quiet-why-{one}"] or "").strip()
    name = _who(one)
    if not name:
        return
    if not chosen or not why:
        say(one, "Say why; the next one on call reads it." if chosen else "Choose at least one label.", wrong=True)
        return
    now = datetime.now(UTC)
    try:
        until = actions.silence(chosen, actions.SPANS[st.session_state[f"quiet-span-{one}"]], name, why, now)
    except WarehouseError as error:
        failed(one, error)
        return
    say(one, f"Silenced until {clock(until, now)} UTC. It shows as suppressed when its group is looked at next.")
