"""An indicator as PromQL: the part of bad events in a window, and how many events there were.

Where the queries give counters, `rate` and `increase` see resets of each series, if they can reach the series: the
query is a selector, or a sum of one. Of any other expression the increase is that of its result.
"""

from __future__ import annotations

import re
from datetime import timedelta

from meterline.openslo.duration import shorthand
from meterline.openslo.slos import Indicator

QUOTED = r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|`[^`]*`'
SELECTOR = re.compile(
    rf"[a-zA-Z_:][a-zA-Z0-9_:]*\s*(?:\{{(?:[^\"'`{{}}]|{QUOTED})*\}})?|\{{(?:[^\"'`{{}}]|{QUOTED})*\}}"
)
SUM = re.compile(
    r"sum\s*(?:(?:by|without)\s*\([^()]*\)\s*)?\((?P<inner>.*?)\)\s*(?:(?:by|without)\s*\([^()]*\))?", re.DOTALL
)
COMPARE = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
STEP = "1m"
"""The slice that the value at its end stands for, as Meterline counts."""


def series_of(query: str) -> str | None:
    """The plain selector whose sum `query` is, or None: only then are resets seen series by series."""
    query = query.strip()
    if SELECTOR.fullmatch(query):
        return query
    inside = SUM.fullmatch(query)
    return series_of(inside["inner"]) if inside else None


def error_ratio(indicator: Indicator, window: timedelta) -> str:
    """The part of bad events (or minutes) in `window`: empty or NaN where there were none."""
    definition, span = indicator.definition, shorthand(window)
    if indicator.kind == "raw":
        mean = f"avg(avg_over_time(({definition['raw']})[{span}:{STEP}]))"
        return f"1 - {mean}" if definition["type"] == "success" else mean
    if indicator.kind == "threshold":
        holds = f"({definition['query']}) {COMPARE[definition['op']]} bool {_number(definition['value'])}"
        return f"1 - avg(avg_over_time(({holds})[{span}:{STEP}]))"
    total = _events(definition["total"], window, "rate", definition["counter"])
    if "bad" in definition:
        bad = _events(definition["bad"], window, "rate", definition["counter"])
        return f"({bad} or 0 * {total}) / {total}"
    good = _events(definition["good"], window, "rate", definition["counter"])
    return f"1 - ({good} or 0 * {total}) / {total}"


def slice_error(indicator: Indicator, size: timedelta, slice_target: float | None) -> str:
    """Of the slice of `size` that ends now: 1 where it is bad and 0 where it is good, by `slice_target`; without one,
    its part of bad events. Empty where the slice has no events.
    """
    part = f"({error_ratio(indicator, size)}) >= 0"  # NaN is not
    return part if slice_target is None else f"({part}) > bool {_number(1 - slice_target)}"


def event_counts(indicator: Indicator, window: timedelta) -> tuple[str, str] | None:
    """Bad and all events in `window`; None where an indicator counts minutes and not events."""
    definition = indicator.definition
    if indicator.kind != "ratio":
        return None
    total = _events(definition["total"], window, "increase", definition["counter"])
    part = "bad" if "bad" in definition else "good"
    counted = _events(definition[part], window, "increase", definition["counter"])
    return (f"({counted} or 0 * {total})" if part == "bad" else f"{total} - ({counted} or 0 * {total})"), total


def _events(query: str, window: timedelta, function: str, counter: bool) -> str:
    span = shorthand(window)
    if not counter:
        return f"sum(sum_over_time(({query})[{span}:{STEP}]))"
    series = series_of(query)
    return f"sum({function}({series}[{span}]))" if series else f"sum({function}(({query})[{span}:{STEP}]))"


def _number(value: float) -> str:
    return repr(round(value, 12)).removesuffix(".0")
