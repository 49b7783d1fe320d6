"""SLO files written for a test, and what is said when they are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from collector.prometheus.settings import PrometheusSettings
from meterline.config.load import InvalidConfiguration
from meterline.config.services import Service
from meterline.openslo.load import load_slos
from meterline.openslo.slos import Slos

LoadText = Callable[..., Slos]

CHAT = Service.model_validate(
    {"name": "chat", "team": "search", "tier": 1, "match": {"namespace": "search"}, "latency": {"threshold": "1500ms"}}
)


def source(name: str, url: str = "http://127.0.0.1:9090") -> PrometheusSettings:
    return PrometheusSettings.model_validate({"name": name, "type": "prometheus", "url": url, "profiles": ["vllm"]})


def slo(**spec: Any) -> dict[str, Any]:
    """A valid SLO of the service chat; `spec` replaces keys of its spec, None takes one away."""
    whole = {
        "service": "chat",
        "indicator": {"metadata": {"name": "good"}, "spec": {"ratioMetric": ratio()}},
        "timeWindow": [{"duration": "28d", "isRolling": True}],
        "budgetingMethod": "Occurrences",
        "objectives": [{"target": 0.999}],
    } | spec
    return {
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": {"name": "chat-good"},
        "spec": {key: value for key, value in whole.items() if value is not None},
    }


def ratio(**parts: Any) -> dict[str, Any]:
    whole = {"counter": True, "good": metric("good_total"), "total": metric("all_total")} | parts
    return {key: value for key, value in whole.items() if value is not None}


def metric(query: str, **others: Any) -> dict[str, Any]:
    return {"metricSource": {"type": "Prometheus", "spec": {"query": query}} | others}


def facts(**spec: Any) -> dict[str, Any]:
    """An indicator of type Meterline."""
    raw = {"metricSource": {"type": "Meterline", "spec": spec}}
    return {"metadata": {"name": "ours"}, "spec": {"ratioMetric": {"rawType": "success", "raw": raw}}}


def named(item: dict[str, Any], name: str, **annotations: Any) -> dict[str, Any]:
    ours = {f"meterline.dev/{key.replace('_', '-')}": value for key, value in annotations.items()}
    return item | {"metadata": {"name": name} | ({"annotations": ours} if ours else {})}


def other(kind: str, name: str, spec: Any) -> dict[str, Any]:
    return {"apiVersion": "openslo/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


@pytest.fixture
def load_text(tmp_path: Path) -> LoadText:
    """Load objects (mappings, or one text) from a file slo.yaml, for the service chat and the sources given."""

    def load(*objects: Any, sources: tuple[str, ...] | None = ("prod",), name: str = "slo.yaml") -> Slos:
        text = objects[0] if isinstance(objects[0], str) else yaml.safe_dump_all(objects, sort_keys=False)
        (tmp_path / name).write_text(text, encoding="utf-8")
        configured = None if sources is None else [source(one) for one in sources]
        return load_slos([name], tmp_path, [CHAT], configured)

    return load


@pytest.fixture
def refused(load_text: LoadText) -> Callable[..., tuple[str, ...]]:
    """The problems of objects that are not accepted, without the file's directory."""

    def problems(*objects: Any, **how: Any) -> tuple[str, ...]:
        with pytest.raises(InvalidConfiguration) as caught:
            load_text(*objects, **how)
        assert caught.value.exit_code == 2
        return tuple(one[one.rindex("/slo.") + 1 :] if "/slo." in one else one for one in caught.value.problems)

    return problems
