"""What Streamlit runs: the frame around every page. Chooses version, period and team, then lets the page speak.

Reads the data directory from METERLINE_DATA. Without results it says what to do instead of failing; an expected error
of a page becomes its message and remedy, never a traceback.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboards import view
from dashboards.components.banner import failures
from dashboards.components.empty import empty
from dashboards.components.freshness import freshness
from dashboards.components.markup import sentence
from dashboards.navigation import ENTRIES, OVERVIEW, sections
from dashboards.period import GRAINS, Period, opening
from dashboards.queries import frame
from dashboards.reading import Results, current, data_directory
from dashboards.theme import stylesheet
from warehouse.errors import MeterlineError, NothingPublished

FIRST_STEPS = """\
meterline init      # a commented meterline.yaml
meterline check     # reaches every source
meterline run       # collects, analyzes, publishes"""


MARK = Path(__file__).parent / "mark.svg"


def main() -> None:
    """One run of the script."""
    st.set_page_config(page_title="Meterline", page_icon=str(MARK), layout="wide")
    st.html(stylesheet())
    page = st.navigation({
        section: [st.Page(one.file, title=one.title, icon=one.icon, default=one is OVERVIEW) for one in entries]
        for section, entries in sections().items()
    })  # fmt: skip
    live = any(entry.live and entry.title == page.title for entry in ENTRIES)
    try:
        results = _results(live)
        if results is None:
            page.run()
        elif _frame(results, live):
            page.run()
            facts = frame.meta(results)
            freshness(results.version, facts.facts_from, facts.facts_to, foot=True)
    except NothingPublished as error:
        empty("No results are published yet", f"{sentence(error.message)} {sentence(error.remedy)}", FIRST_STEPS)
    except MeterlineError as error:
        empty("This page cannot be shown", f"{sentence(error.message)} {sentence(error.remedy)}")


def _results(live: bool) -> Results | None:
    """What is published now; a live page does without."""
    try:
        return current(data_directory())
    except NothingPublished:
        if live:
            return None
        raise


def _frame(results: Results, live: bool) -> bool:
    """Controls, freshness and banners; False when there is no period to show, and the page needs one."""
    facts = frame.meta(results)
    with st.sidebar:
        freshness(results.version, facts.facts_from, facts.facts_to)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="ml-controls"):
        grain = st.segmented_control(
            "Grain", GRAINS, default="month", required=True, key="grain", bind="query-params",
            format_func=str.capitalize, label_visibility="collapsed",
        )  # fmt: skip
        periods = frame.periods(results, grain or "month", facts)
        period = _period(periods, opening(periods, facts.facts_to), grain or "month")
        names = ["", *frame.teams(results)]
        team = st.selectbox(
            "Team", names, key="team", format_func=lambda name: name or "All teams", bind="query-params",
            label_visibility="collapsed", width=170,
        )  # fmt: skip
    failures(frame.failing_sources(results), frame.failing_analytics(results))
    if period is None and live:
        return True
    if period is None:
        empty(
            "Nothing has been collected yet",
            "The results are published, and empty: no source has stored facts. Check that the sources can be reached, "
            "then collect.",
            "meterline check\nmeterline collect\nmeterline analyze",
        )
        return False
    view.choose(view.View(results, facts, period, team or None))
    return True


def _period(periods: list[Period], first: Period | None, grain: str) -> Period | None:
    if not periods or first is None:
        return None
    starts = [f"{period.start}" for period in periods]
    labels = {start: period.label for start, period in zip(starts, periods, strict=True)}
    picked = st.selectbox(
        "Period", starts, index=periods.index(first), key=f"{grain}-from", bind="query-params",
        format_func=lambda start: labels.get(start, start), label_visibility="collapsed", width=215,
    )  # fmt: skip
    return periods[starts.index(picked)] if picked in starts else first


main()
