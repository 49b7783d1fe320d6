"""Types of single values in the configuration: exact money, moments, patterns.

Each refuses what would be silently wrong later (a float for money, a local time) and says what to write instead. They
know nothing of the keys they stand at.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from meterline.config.glob import to_regex
from warehouse.interval import parse_utc

MONEY_AS_FLOAT = "money_as_float"
"""Error type of a float where money was expected; its context has `text`, the number as Python prints it."""

NAMESPACE_TEXT = re.compile(r"[a-z0-9*?\[\]!-]+")


def _money(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise ValueError('expected a decimal in quotes such as "2.50"')
    if isinstance(value, float):
        raise PydanticCustomError(
            MONEY_AS_FLOAT, 'a float cannot hold money exactly: write "{text}" in quotes', {"text": repr(value)}
        )
    return value


def _moment(value: Any) -> datetime:
    if isinstance(value, str):
        return parse_utc(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), tzinfo=UTC)
    raise ValueError("expected a date or an ISO 8601 time such as 2026-01-01 or 2026-01-01T06:00:00Z")


def _namespace(value: str) -> str:
    if not NAMESPACE_TEXT.fullmatch(value):
        raise ValueError("expected a namespace or a pattern with * and ? such as search-*")
    return _glob(value)


def _glob(value: str) -> str:
    if not value:
        raise ValueError("expected a name or a pattern such as chat-*")
    to_regex(value)
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("expected a time zone such as UTC or Europe/Berlin") from error
    return value


def _threshold(value: Any) -> timedelta:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m)", value) if isinstance(value, str) else None
    if not match:
        raise ValueError("expected a time such as 500ms or 2s")
    unit = {"ms": "milliseconds", "s": "seconds", "m": "minutes"}[match[2]]
    return timedelta(**{unit: float(match[1])})


Price = Annotated[
    Decimal, BeforeValidator(_money, json_schema_input_type=str), Field(ge=0, max_digits=12, decimal_places=6)
]
"""Money per unit, at most six decimals; written as a string."""

Amount = Annotated[
    Decimal, BeforeValidator(_money, json_schema_input_type=str), Field(ge=0, max_digits=18, decimal_places=2)
]
"""An amount of money in whole cents; written as a string."""

Moment = Annotated[datetime, BeforeValidator(_moment, json_schema_input_type=str)]
"""An aware UTC datetime; a date is its midnight, a time without offset is UTC."""

Namespace = Annotated[str, AfterValidator(_namespace)]
"""A Kubernetes namespace, or a glob over namespaces (`*`, `?`, `[a-z]`)."""

Glob = Annotated[str, AfterValidator(_glob)]
"""A label's value, or a glob over values."""

Zone = Annotated[str, AfterValidator(_zone)]
"""An IANA time zone name."""

Threshold = Annotated[timedelta, BeforeValidator(_threshold, json_schema_input_type=str)]
"""A short time with its unit: 500ms, 2s, 1.5s, 1m."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
"""A name of ours: letters, digits, `_`, `.`, `-`; it starts with a letter or digit."""
