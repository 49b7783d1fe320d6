"""How an objective is written: its state in a word, its method beside every number, its budget as bar and figure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from dashboards.components.markup import text
from dashboards.components.opening import second
from dashboards.formats import DASH, NBSP, age, ratio, seconds
from dashboards.theme import colour

Row = Mapping[str, Any]
STATES = {
    "met": ("✓ met", "ml-pass"), "burning": ("▲ burning", "ml-inconclusive"), "breached": ("✕ breached", "ml-fail"),
    "no_data": ("○ no data", "ml-none"), "no_traffic": ("○ no traffic", "ml-none"),
}  # fmt: skip
LOW = 0.25
"""Below this part the rest of a budget is drawn in the colour of a warning."""


def state(row: Row) -> str:
    """The chip, and below it what its figures stand on: a window that is not full, low traffic. HTML."""
    label, css_class = STATES.get(row["state"], (row["state"], "ml-none"))
    return f'<span class="ml-verdict {css_class}">{text(label)}</span>{second(", ".join(guards(row)))}'


def guards(row: Row) -> list[str]:
    """`window not full`, `low traffic`; nothing where there is nothing to guard."""
    if row["state"] in ("no_data", "no_traffic"):
        return []
    found = [] if row["window_full"] else ["window not full"]
    return found + (["low traffic"] if row["low_traffic"] else [])


def name(row: Row) -> str:
    """The title of the objective, or the name of its SLO."""
    return str(row["title"] or row["slo"])


def percent(value: float) -> str:
    """A target with the digits that it has: 0.9995 as `99.95 %`."""
    return f"{value * 100:.10g}{NBSP}%"


def attainment(row: Row) -> str:
    """One digit more than the target has; never 100 % of nothing."""
    if row["attainment"] is None:
        return DASH
    digits = len(percent(row["target"]).partition(NBSP)[0].partition(".")[2]) + 1
    return ratio(row["attainment"], max(digits, 2))


def method(row: Row) -> str:
    """How events or slices were counted: `Occurrences`, `Timeslices of 1 min, good from 95 %`."""
    if row["slice_s"] is None:
        return str(row["method"])
    good = f", good from {percent(row['slice_target'])}" if row["slice_target"] is not None else ""
    return f"{row['method']} of {age(timedelta(seconds=row['slice_s']))}{good}"


def budget(row: Row) -> str:
    """What is left as a bar and a figure, in minutes too. HTML; a dash where nothing was measured."""
    left, minutes = row["budget_left_ratio"], row["left_minutes"]
    if left is None:
        return DASH
    token = "harm" if left <= 0 else "idle" if left < LOW else "use"
    width = f"{min(max(left, 0.0), 1.0) * 100:.1f}%"
    rest = f"{seconds(minutes * 60)} left" if minutes >= 0 else f"{seconds(-minutes * 60)} over"
    whole = seconds(row["budget_minutes"] * 60)
    return (
        f'<span class="ml-left"><span aria-hidden="true"><i style="width:{width};background:{colour(token)}"></i>'
        "</span>"
        f"<b>{text(signed(left))}</b></span>{second(f'{rest} of {whole}')}"
    )


def signed(left: float) -> str:
    """A part of the budget; what is over it with a minus sign."""
    return ratio(left, 0) if left >= 0 else f"−{ratio(-left, 0)}"


def window(row: Row) -> str:
    """What the budget is for: `30d rolling`, `calendar month (UTC)`."""
    return f"{row['window']} rolling" if row["window_kind"] == "rolling" else str(row["window"])


def rate(value: float | None) -> str:
    """A burn rate: `17.3×`."""
    return DASH if value is None else f"{value:.3g}×"


def lasts(row: Row) -> str:
    """How long the rest of the budget lasts at the pace of the last hour."""
    if row["budget_left_ratio"] is None or row["burn_rate_1h"] is None:
        return ""
    if row["budget_left_ratio"] <= 0:
        return "nothing left"
    return f"gone in {age(timedelta(days=row['exhaustion_days']))}" if row["exhaustion_days"] else "does not burn"
