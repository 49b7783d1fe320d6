"""SLOs for LLM serving, ready to be saved: what varies between them is in templates/*.yaml.

A template says what is counted for each flavour: of our own facts (any runtime), or by PromQL for one runtime or
gateway. Adding a runtime is adding a key there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib.resources import files
from string import Template as Text
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from meterline.openslo.annotations import PREFIX
from meterline.openslo.document import as_yaml
from meterline.openslo.duration import parse_span
from meterline.openslo.kinds import API_VERSION
from meterline.openslo.sources import seconds
from warehouse.errors import ConfigurationError

FACTS = "facts"
NOT_IN_A_NAME = re.compile(r"[^a-z0-9-]+")


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Flavour(_Closed):
    """What is counted: `raw` of facts, or good (or bad) and total in PromQL. `bounds`: bucket bounds in seconds.

    `threshold` and `description` are the template's where they are absent.
    """

    raw: dict[str, str] | None = None
    good: str | None = None
    bad: str | None = None
    total: str | None = None
    bounds: tuple[float, ...] = ()
    threshold: str | None = None
    description: str | None = None
    caveats: tuple[str, ...] = ()


class Template(_Closed):
    """One template; `target` in percent."""

    title: str
    description: str
    target: str
    window: str
    threshold: str | None = None
    indicators: dict[str, Flavour]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asks of a template; what is None is the template's own. `source`: a Prometheus source's name."""

    service: str
    flavour: str = FACTS
    model: str | None = None
    target: str | None = None
    threshold: str | None = None
    window: str | None = None
    source: str | None = None
    runbook_url: str | None = None


@cache
def templates() -> dict[str, Template]:
    """Every template by its name."""
    folder = files("meterline.openslo") / "templates"
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda one: one.name)
    return {
        file.name.removesuffix(".yaml"): Template.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
        for file in found
    }


def flavours() -> list[str]:
    """Every flavour that some template has."""
    return sorted({name for one in templates().values() for name in one.indicators})


def render(name: str, wanted: Wanted) -> str:
    """The SLO as an OpenSLO v1 document with comments. Raises ConfigurationError naming what was expected."""
    template = templates()[name]
    flavour = template.indicators.get(wanted.flavour)
    if flavour is None:
        raise ConfigurationError(
            f"the template {name} is not there for {wanted.flavour}", f"choose among {', '.join(template.indicators)}"
        )
    threshold = _threshold(name, template, flavour, wanted)
    window = wanted.window or template.window
    if parse_span(window) is None:
        raise ConfigurationError(f"--window {window} is no duration", "write for example 28d or 4w")
    slug = NOT_IN_A_NAME.sub("-", f"{wanted.service}-{name}".lower()).strip("-")[:63].strip("-")
    metadata: dict[str, Any] = {"name": slug, "displayName": f"{wanted.service}: {template.title}"[:63]}
    if wanted.runbook_url is not None:
        metadata["annotations"] = {f"{PREFIX}runbook-url": wanted.runbook_url}
    content = {
        "apiVersion": API_VERSION,
        "kind": "SLO",
        "metadata": metadata,
        "spec": {
            "description": Text(flavour.description or template.description).substitute(threshold=threshold),
            "service": wanted.service,
            "indicator": {
                "metadata": {"name": slug},
                "spec": {"ratioMetric": _ratio(flavour, threshold, wanted)},
            },
            "timeWindow": [{"duration": window, "isRolling": True}],
            "budgetingMethod": "Occurrences",
            "objectives": [{"targetPercent": _target(wanted.target or template.target)}],
        },
    }
    return _comments(name, flavour, wanted) + as_yaml([content])


def _threshold(name: str, template: Template, flavour: Flavour, wanted: Wanted) -> str | None:
    if template.threshold is None:
        if wanted.threshold is not None:
            raise ConfigurationError(f"the template {name} has no threshold", "leave --threshold out")
        return None
    threshold = wanted.threshold or flavour.threshold or template.threshold
    value = seconds(threshold)
    if value is None:
        raise ConfigurationError(f"--threshold {threshold} is no time", "write for example 500ms or 2s")
    if flavour.bounds and not any(abs(value - bound) <= bound * 1e-9 for bound in flavour.bounds):
        known = ", ".join(f"{bound:g}s" for bound in sorted(flavour.bounds, key=lambda one: abs(one - value))[:4])
        raise ConfigurationError(
            f"--threshold {threshold} is no bucket bound of the histogram in {wanted.flavour}",
            f"nothing is counted between bounds, the nearest are {known}",
        )
    return threshold


def _target(text: str) -> float:
    try:
        target = Decimal(text.removesuffix("%"))
    except InvalidOperation:
        target = Decimal(-1)
    if not target.is_finite() or not 0 <= target < 100:
        raise ConfigurationError(f"--target {text} is no percentage", "write for example 99.5, below 100")
    return float(target)


def _ratio(flavour: Flavour, threshold: str | None, wanted: Wanted) -> dict[str, Any]:
    if flavour.raw is not None:
        spec = dict(flavour.raw) | ({"threshold": threshold} if threshold else {})
        return {"rawType": "success", "raw": {"metricSource": {"type": "Meterline", "spec": spec}}}
    matchers = {
        "model": f"model_name={_quoted(wanted.model)}" if wanted.model else "",
        "service": f"destination_service_name={_quoted(wanted.service)}",
        "le": _bound(1, threshold),
        "le_ms": _bound(1000, threshold),
    }
    source = {"metricSourceRef": wanted.source} if wanted.source else {}
    ratio: dict[str, Any] = {"counter": True}
    for part, query in (("good", flavour.good), ("bad", flavour.bad), ("total", flavour.total)):
        if query is not None:
            text = Text(_without(query, [name for name, matcher in matchers.items() if not matcher]))
            spec = {"query": text.substitute(matchers)}
            ratio[part] = {"metricSource": {"type": "Prometheus", **source, "spec": spec}}
    return ratio


def _without(query: str, names: Sequence[str]) -> str:
    """A template's query without those of its matchers that say nothing."""
    for name in names:
        query = re.sub(rf",?\${name}(?![a-z_])", "", query)
    return query.replace("{,", "{").replace("{}", "")


def _bound(scale: int, threshold: str | None) -> str:
    """A matcher of the bucket that ends at the threshold; whole numbers are written with and without a fraction."""
    if threshold is None:
        return ""
    bound = format(round((seconds(threshold) or 0) * scale, 9), ".10g")
    return f'le="{bound}"' if "." in bound else f'le=~"{bound}(\\\\.0)?"'


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _comments(name: str, flavour: Flavour, wanted: Wanted) -> str:
    lines: Sequence[str] = [f"Template {name}, from {wanted.flavour}.", *flavour.caveats]
    if wanted.flavour == FACTS:
        lines = [
            *lines,
            "Facts have one count each 5 minutes, so a page comes some minutes later than from Prometheus.",
        ]
    if wanted.runbook_url is None:
        lines = [*lines, f"A page needs a runbook: metadata.annotations: {{{PREFIX}runbook-url: https://...}}"]
    return "".join(f"# {line}\n" for line in lines)
