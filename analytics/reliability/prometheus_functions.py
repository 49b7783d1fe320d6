"""rate, increase and their kin as SQL, equal to a Prometheus's own to 1e-9: for whoever counts from raw samples.

The text is in rate.sql, which says what it reads; quantiles of histograms are in
analytics/serving/serving_quantile.sql. Ranges differ between versions of Prometheus: `parameters_for` says what one of
them does.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def rate_sql() -> str:
    """The SELECT of rate.sql; its parameters are those of `parameters_for`."""
    return (files("analytics.reliability") / "rate.sql").read_text(encoding="utf-8")


def parameters_for(version: str) -> dict[str, bool]:
    """How a Prometheus of that version (such as `2.42.0`) cuts ranges and extrapolates to a counter's zero."""
    major, minor = (int("".join(filter(str.isdigit, part)) or 0) for part in version.split(".")[:2])
    return {"left_open": major >= 3, "zero_last": (major, minor) >= (2, 52)}
