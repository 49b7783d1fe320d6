"""The JSON Schema of a file of rules, for editors."""

from __future__ import annotations

from typing import Any

from alerts.rules.load import default_rules
from alerts.rules.model import Rule


def rule_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12): a rule, or a list of them; one with the name of ours needs only what it changes."""
    schema = Rule.model_json_schema(by_alias=True)
    definitions = schema.pop("$defs", {})
    required = schema.pop("required")
    schema["required"] = ["name"]
    schema["if"] = {"properties": {"name": {"enum": [rule.name for rule in default_rules()]}}}
    schema["else"] = {"required": required}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rules of Meterline",
        "anyOf": [{"$ref": "#/$defs/Rule"}, {"type": "array", "items": {"$ref": "#/$defs/Rule"}}],
        "$defs": {**definitions, "Rule": schema},
    }
