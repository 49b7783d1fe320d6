"""Numbers, money and times as people read them. Pure: the same value always gives the same text.

None is a dash, never 0. Money is taken as Decimal and shown with the digits that it has; nothing here turns money into
a float. Figures use a comma for thousands and a no-break space before a unit, so a number is never torn from it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

DASH = "–"
NBSP = "\u00a0"


def ratio(value: float | None, digits: int = 1) -> str:
    """0.4123 as `41.2 %`. What is short of 1 is never rounded up to 100 %, what is above 0 never down to 0 %."""
    if value is None:
        return DASH
    if 0 < value < 0.5 * 10 ** -(digits + 2):
        return f"<{NBSP}{10**-digits:.{digits}f}{NBSP}%"
    while digits < 4 and value < 1 and round(value * 100, digits) == 100:
        digits += 1
    return f"{value * 100:.{digits}f}{NBSP}%"


def points(difference: float | None) -> str:
    """A difference of two ratios in percentage points with its sign: `+1.2 pt`."""
    return DASH if difference is None else f"{signed(difference * 100)}{NBSP}pt"


def signed(value: float, digits: int = 1) -> str:
    """`+1.2`, `−1.2`, `±0.0`, with a true minus sign."""
    text = f"{abs(value):,.{digits}f}"
    sign = "±" if float(text.replace(",", "")) == 0 else "+" if value > 0 else "−"
    return sign + text


def hours(value: float | None) -> str:
    """GPU-hours with one decimal."""
    return DASH if value is None else f"{value:,.1f}{NBSP}h"


def count(value: float | None) -> str:
    """A whole number with separators."""
    return DASH if value is None else f"{value:,.0f}"


def compact(value: float | None) -> str:
    """A count for a sentence: `12.3 M`, `1.5 bn`."""
    if value is None:
        return DASH
    for size, letter in ((1e9, "bn"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if letter == 'k' else size):,.1f}{NBSP}{letter}"
    return f"{value:,.0f}"


def money(value: Decimal | None, currency: str) -> str:
    """A Decimal as `1,234.50 USD`: every digit that it has, at least two."""
    if value is None:
        return DASH
    digits = max(2, -int(value.normalize().as_tuple().exponent))
    return f"{value:,.{digits}f}{NBSP}{currency}".replace("-", "−")


def cents(value: Decimal | None, currency: str) -> str:
    """A Decimal rounded half-even to two digits, for sums that are not a bill."""
    return DASH if value is None else money(value.quantize(Decimal("0.01"), ROUND_HALF_EVEN), currency)


def seconds(value: float | None) -> str:
    """A duration in the unit that a person would say it in."""
    if value is None:
        return DASH
    if value < 1:
        return f"{value * 1000:.0f}{NBSP}ms"
    for size, unit in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if value >= size * 2:
            return f"{value / size:.1f}{NBSP}{unit}"
    return f"{value:.{2 if value < 10 else 1}f}{NBSP}s"


def moment(value: datetime | None) -> str:
    """A UTC time to the minute: `24 Nov 2026 06:00 UTC`."""
    return DASH if value is None else f"{value:%-d %b %Y %H:%M} UTC"


def of_unit(value: float | None, unit: str, currency: str) -> str:
    """A KPI's value in its own unit (ratio|s|currency|count). KPI values of money are ratios of exact sums; they are
    shown to four significant digits, and the exact decimals stand in the table of unit costs."""
    if value is None:
        return DASH
    if unit == "ratio":
        return ratio(value, 2 if 0.99 <= value < 1 else 1)
    if unit == "s":
        return seconds(value)
    if unit == "currency":
        return f"{value:,.2f}{NBSP}{currency}" if abs(value) >= 100 else f"{value:.4g}{NBSP}{currency}"
    return count(value) if value == round(value) else f"{value:,.1f}"


def difference(now: float, before: float, unit: str) -> str:
    """The change from `before` to `now`: points for ratios, per cent of the earlier value for everything else."""
    if unit == "ratio":
        return points(now - before)
    return f"{signed((now / before - 1) * 100)}{NBSP}%" if before else DASH


def age(span: timedelta) -> str:
    """How long something has been so: `20 s`, `42 min`, `3.5 h`, `6 d`."""
    seconds = max(span.total_seconds(), 0.0)
    if seconds < 60:
        return f"{seconds:.0f}{NBSP}s"
    if seconds < 7200:
        return f"{seconds // 60:.0f}{NBSP}min"
    size, unit = (3600, "h") if seconds < 172_800 else (86_400, "d")
    value = seconds / size
    return f"{value:.{0 if value >= 10 else 1}f}{NBSP}{unit}"


def clock(value: datetime | None, now: datetime) -> str:
    """A UTC time of the day, with its date where that is not today's: `16:20`, `22 Nov 17:03`."""
    if value is None:
        return DASH
    return f"{value:%H:%M}" if value.date() == now.date() else f"{value:%-d %b %H:%M}"
