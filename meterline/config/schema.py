"""The configuration as JSON Schema: for editors, and to know which keys are possible at a place."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from meterline.config.model import Config
from meterline.config.rules import Location


@cache
def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of meterline.yaml."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Config.model_json_schema(),
        "title": "Meterline configuration",
    }


def known_keys(location: Location) -> list[str]:
    """The keys that the mapping at `location` (as pydantic reports it: with union tags) may have."""
    found = list(_alternatives(json_schema()))
    for part in location:
        found = [inner for schema in found for inner in _step(schema, part)]
    return sorted({key for schema in found for key in schema.get("properties", {})})


def _step(schema: dict[str, Any], part: str | int) -> Iterator[dict[str, Any]]:
    if isinstance(part, int):
        if "items" in schema:
            yield from _alternatives(schema["items"])
    elif part in schema.get("properties", {}):
        yield from _alternatives(schema["properties"][part])
    elif schema.get("properties", {}).get("type", {}).get("const") == part or "items" in schema:
        yield schema  # the tag of a discriminated union: it chooses among the alternatives
    elif isinstance(schema.get("additionalProperties"), dict):
        yield from _alternatives(schema["additionalProperties"])


def _alternatives(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "$ref" in schema:
        yield from _alternatives(json_schema()["$defs"][schema["$ref"].rsplit("/", 1)[1]])
        return
    choices = schema.get("anyOf", schema.get("oneOf"))
    if choices is None:
        yield schema
        return
    for choice in choices:
        yield from _alternatives(choice)
