"""Types of single values in the configuration: exact money and ratios, moments, patterns.

Each refuses what would be silently wrong later (a float for money, a local time, a change of price inside a bucket of
facts) and says what to write instead. They know nothing of the keys they stand at.
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
from warehouse.interval import BUCKET, floor, isoformat, parse_utc

WRITTEN_AS_FLOAT = "written_as_float"
"""Error type of a float where an exact decimal was expected; its context has `text`, the number as Python prints it."""

NAMESPACE_TEXT = re.compile(r"[a-z0-9*?\[\]!-]+")
LABEL_TEXT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?")
NOT_IN_A_LABEL = re.compile(r"[^a-zA-Z0-9_]")
CAMEL = re.compile(r"([a-z0-9])([A-Z])")


def _decimal(what: str) -> BeforeValidator:
    """Refuses floats, because what they hold is not what was written."""

    def read(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
            raise ValueError('expected a decimal in quotes such as "2.50"')
        if isinstance(value, float):
            text = 'a float cannot hold {what} exactly: write "{text}" in quotes'
            raise PydanticCustomError(WRITTEN_AS_FLOAT, text, {"what": what, "text": repr(value)})
        return value

    return BeforeValidator(read, json_schema_input_type=str)


def _moment(value: Any) -> datetime:
    if isinstance(value, str):
        return parse_utc(value)
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), tzinfo=UTC)
    raise ValueError("expected a date or an ISO 8601 time such as 2026-01-01 or 2026-01-01T06:00:00Z")


def _boundary(value: datetime) -> datetime:
    if value != floor(value, BUCKET):
        raise ValueError(f"expected a multiple of 5 minutes such as {isoformat(floor(value + BUCKET / 2, BUCKET))}")
    return value


def _day(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ValueError("expected a day such as 2026-10-01") from error


def _label(value: str) -> str:
    if not LABEL_TEXT.fullmatch(value):
        raise ValueError("expected the name of a pod's label such as team or app.kubernetes.io/name")
    return CAMEL.sub(r"\1_\2", NOT_IN_A_LABEL.sub("_", value)).lower()


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


Price = Annotated[Decimal, _decimal("money"), Field(ge=0, max_digits=12, decimal_places=6)]
"""Money per unit, at most six decimals; written as a string."""

Amount = Annotated[Decimal, _decimal("money"), Field(ge=0, max_digits=18, decimal_places=2)]
"""An amount of money in whole cents; written as a string."""

ExchangeRate = Annotated[Decimal, _decimal("a rate"), Field(gt=0, max_digits=18, decimal_places=10)]
"""How much of the report currency one unit of another is worth; written as a string."""

Percent = Annotated[Decimal, _decimal("a percentage"), Field(ge=0, le=100, max_digits=7, decimal_places=4)]
"""0 to 100, at most four decimals; written as a string."""

Weight = Annotated[Decimal, _decimal("a weight"), Field(ge=0, max_digits=12, decimal_places=6)]
"""A part in proportion to others; weights need not add up to one. Written as a string."""

Quantity = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=3)]
"""How many units a node has, at most three decimals."""

Share = Annotated[Decimal, Field(gt=0, max_digits=6, decimal_places=4)]
"""A share of something: 0.8 is 80 %, 1.2 is 120 %."""

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
"""An ISO 4217 code."""

Boundary = Annotated[datetime, BeforeValidator(_moment, json_schema_input_type=str), AfterValidator(_boundary)]
"""An aware UTC datetime between two buckets of facts (a multiple of 5 minutes), so that no fact lies on both sides.

A date is its midnight, a time without offset is UTC.
"""

Day = Annotated[date, BeforeValidator(_day, json_schema_input_type=str)]
"""A calendar day, in UTC."""

Namespace = Annotated[str, AfterValidator(_namespace)]
"""A Kubernetes namespace, or a glob over namespaces (`*`, `?`, `[a-z]`)."""

Glob = Annotated[str, AfterValidator(_glob)]
"""A label's value, or a glob over values."""

Label = Annotated[str, AfterValidator(_label)]
"""The name of a pod's label, as Kubernetes or as Prometheus spells it.

Kept as kube-state-metrics exports it after `label_`: `app.kubernetes.io/partOf` is `app_kubernetes_io_part_of`.
"""

Zone = Annotated[str, AfterValidator(_zone)]
"""An IANA time zone name."""

Threshold = Annotated[timedelta, BeforeValidator(_threshold, json_schema_input_type=str)]
"""A short time with its unit: 500ms, 2s, 1.5s, 1m."""

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
"""A name of ours: letters, digits, `_`, `.`, `-`; it starts with a letter or digit."""
