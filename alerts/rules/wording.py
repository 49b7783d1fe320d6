"""Texts with `{column}` in them, for annotations and owners. Columns are put in, nothing is run.

`{column:percent}` and the other styles below say a number as people do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime

FIELD = re.compile(r"\{([a-zA-Z_]\w*)(?::(\w+))?\}")


def plain(value: object) -> str:
    """A value as a label holds it: nothing for NULL, whole numbers without a point, times as ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return value.isoformat() if isinstance(value, date) else str(value)


def _span(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if abs(seconds) >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


STYLES: Mapping[str, Callable[[float], str]] = {
    "percent": lambda value: f"{100 * value:.1f} %",
    "money": lambda value: f"{value:,.2f}",
    "number": lambda value: f"{value:,.4g}",
    "whole": lambda value: f"{value:,.0f}",
    "duration": _span,  # of seconds
    "hours": lambda value: _span(3600 * value),
}


def check_template(text: str) -> None:
    """Raises ValueError for a style that does not exist or a brace that closes nothing."""
    for _, style in FIELD.findall(text):
        if style and style not in STYLES:
            raise ValueError(f"no style is called {style}: expected one of {', '.join(STYLES)}")
    if "{" in FIELD.sub("", text):
        raise ValueError(f"expected {{column}} or {{column:style}} in {text!r}")


def filled(text: str, fields: Mapping[str, object]) -> str:
    """`text` with its fields; one that the signal does not have, or that is NULL, is `?`."""
    if "{" not in text:
        return text

    def put(found: re.Match[str]) -> str:
        value, style = fields.get(found[1]), found[2]
        if value is None:
            return "?"
        if style:
            try:
                return STYLES[style](float(value))  # type: ignore[arg-type]  # a column of any type: tried
            except (TypeError, ValueError):
                return plain(value)
        return plain(value)

    return FIELD.sub(put, text)
