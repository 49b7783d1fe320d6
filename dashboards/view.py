"""What the reader looks at: one version, one period, all teams or one. Chosen in the frame, read by every page."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from dashboards.period import Period
from dashboards.queries.frame import Meta
from dashboards.reading import Results

_KEY = "ml-view"


@dataclass(frozen=True, slots=True)
class View:
    """`team` None is the whole platform."""

    results: Results
    meta: Meta
    period: Period
    team: str | None

    @property
    def scope(self) -> str:
        """The KPI scope that the reader chose."""
        return f"team:{self.team}" if self.team else "platform"

    @property
    def phrase(self) -> str:
        """`in November 2026 so far`."""
        return self.period.phrase(self.meta.facts_to)

    def eyebrow(self, subject: str, *, by_team: bool = True) -> str:
        """`GPU efficiency · Week 47, 16-22 Nov · to date · all teams`; `by_team` False where no team can be told."""
        whose = self.team if self.team and by_team else "all teams"
        parts = [subject, self.period.label, "to date" if self.period.in_progress(self.meta.facts_to) else "", whose]
        return " · ".join(part for part in parts if part)


def choose(view: View) -> None:
    """Make `view` what the page of this run shows."""
    st.session_state[_KEY] = view


def chosen() -> View:
    """The view of this run; the frame has chosen it before any page runs."""
    view = st.session_state[_KEY]
    assert isinstance(view, View)
    return view


def team_chosen() -> str | None:
    """The team of this run, also on a page that is shown while nothing is published; None is all teams."""
    return st.session_state.get("team") or None
