"""The way from the whole organisation down to a pod: which rows the reader has opened, kept in the page's address.

The way is the repeated query parameter `in` (`in=team:search&in=service:chat`), so a reload or a link shows the same
place. What the rows of a place are grouped by is the query parameter `by`, as the selector words it.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboards.queries.showback import DIMENSIONS

Way = tuple[tuple[str, str], ...]
"""(column of a cost line, its value), outermost first; an empty value stands for "none"."""

PARAMETER, BY = "in", "by"
NEXT = {
    "cost_center": "team", "team": "service", "service": "pod", "namespace": "pod", "model": "service",
    "cluster": "namespace", "gpu_model": "team", "kind": "team", "pricing": "team", "pod": "kind",
}  # fmt: skip
"""What an opened row is shown by."""


def way() -> Way:
    """The rows opened in this address; what is no column of a line, or comes twice, is passed over."""
    return parse(st.query_params.get_all(PARAMETER))


def parse(words: Sequence[str]) -> Way:
    """`team:search` and so on as a way. Pure."""
    found: dict[str, str] = {}
    for word in words:
        column, colon, value = word.partition(":")
        if colon and column in DIMENSIONS:
            found.setdefault(column, value)
    return tuple(found.items())


def below(place: Way) -> str | None:
    """What the rows of `place` are grouped by unless the reader says otherwise; None at the top. Pure."""
    taken = {column for column, _ in place}
    column = NEXT[place[-1][0]] if place else None
    while column in taken:
        column = next((other for other in DIMENSIONS if other not in taken), None)
    return column


def go(place: Way, by: str | None = None) -> None:
    """Make `place` the way, its rows grouped by `by` (default: what is below it). For callbacks of buttons."""
    st.query_params[PARAMETER] = [f"{column}:{value}" for column, value in place]
    chosen = by or below(place)
    if chosen:
        st.session_state[BY] = chosen
