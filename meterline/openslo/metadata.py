"""What all objects have (metadata), and the values that several of them use."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainSerializer
from pydantic.alias_generators import to_camel

from meterline.openslo.duration import Span, parse_span
from meterline.openslo.rules import broken

NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
LABEL_KEY = re.compile(r"[a-zA-Z0-9]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?")
ANNOTATION_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*")


class Part(BaseModel):
    """A mapping of OpenSLO: camelCase keys, closed to unknown ones, frozen once read."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True, arbitrary_types_allowed=True
    )


def _name(value: str) -> str:
    if len(value) > 63:
        raise broken("name-length")
    if not NAME.fullmatch(value):
        raise broken("name-characters")
    return value


def _at_most(length: int, rule: str) -> AfterValidator:
    def judge(value: str) -> str:
        if len(value) > length:
            raise broken(rule)
        return value

    return AfterValidator(judge)


def _label_key(value: str) -> str:
    if not LABEL_KEY.fullmatch(value):
        raise broken("label-key")
    return value


def _annotation_key(value: str) -> str:
    prefix, slash, name = value.rpartition("/")
    if not LABEL_KEY.fullmatch(name) or (slash and (len(prefix) > 253 or not ANNOTATION_PREFIX.fullmatch(prefix))):
        raise broken("annotation-key")
    return value


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _text(value: Any) -> Any:
    """Numbers and booleans are meant as text where only text is possible."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _span(value: Any) -> Any:
    if isinstance(value, Span):
        return value
    span = parse_span(value) if isinstance(value, str) else None
    if span is None:
        raise broken("duration")
    return span


def _slice(value: Any) -> Any:
    return Span(value, "m") if type(value) is int and 0 < value < 10**7 else _span(value)


Name = Annotated[str, AfterValidator(_name)]
"""An object's name: a DNS label (RFC 1123)."""

DisplayName = Annotated[str, _at_most(63, "display-name")]
Description = Annotated[str, _at_most(1050, "description")]

Duration = Annotated[Span, BeforeValidator(_span), PlainSerializer(str)]
"""`28d`, `1M`; see duration."""

Slice = Annotated[Span, BeforeValidator(_slice), PlainSerializer(str)]
"""A duration, or a number of minutes."""

Operator = Literal["gt", "gte", "lt", "lte"]

Labels = dict[Annotated[str, AfterValidator(_label_key)], Annotated[tuple[str, ...], BeforeValidator(_several)]]
Annotations = dict[Annotated[str, AfterValidator(_annotation_key)], Annotated[str, BeforeValidator(_text)]]


class Metadata(Part):
    """Who an object is. A label has one value or several."""

    name: Name
    display_name: DisplayName | None = None
    labels: Labels = {}
    annotations: Annotations = {}
