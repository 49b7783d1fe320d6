"""A pass over a server that misbehaves: what was complete is stored, what was not is as it was."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from collector.prometheus.settings import PrometheusSettings
from collector.source import Source
from servers.scripted import Handler, Step, hang, reply, scripted
from warehouse.database import Warehouse
from warehouse.errors import DeadlineExceeded, PartialAnswer
from warehouse.interval import Interval, parse_utc

NOTHING: dict[str, object] = {"status": "success", "data": {"resultType": "matrix", "result": []}}
DAY = Interval(parse_utc("2026-10-05T00:00"), parse_utc("2026-10-05T12:00"))
NOW = parse_utc("2026-10-05T13:00")


def source(url: str, *profiles: str, **more: object) -> Source:
    words = {"name": "prod", "type": "prometheus", "url": url, "profiles": profiles, "retries": 0, **more}
    return PrometheusSettings.model_validate(words).open()


def quiet(what: str, share: float) -> None:
    pass


def test_a_server_that_hangs_is_waited_for_once(tmp_path: Path) -> None:
    with scripted(hang) as server, Warehouse.open(tmp_path) as warehouse:
        with pytest.raises(DeadlineExceeded):
            source(server.url, "dcgm", "vllm", deadline=1).collect(warehouse, DAY, NOW, quiet)
        assert len(server.asked) == 2  # asked side by side; the other metrics, windows and profiles not at all


def partial_from(moment: datetime) -> Step:
    """Complete and empty answers before `moment`, partial ones from then on."""

    def step(handler: Handler) -> None:
        late = float(handler.script.asked[-1].fields["time"]) > moment.timestamp()
        reply(json.dumps({**NOTHING, "warnings": ["a store is down"]} if late else NOTHING))(handler)

    return step


def test_a_profile_stops_at_its_first_bad_window_and_the_others_go_on(tmp_path: Path) -> None:
    half = parse_utc("2026-10-05T06:00")
    with scripted(partial_from(half)) as server, Warehouse.open(tmp_path) as warehouse:
        with pytest.raises(PartialAnswer, match="a store is down"):
            source(server.url, "triton", "knative", window="6h").collect(warehouse, DAY, NOW, quiet)
        for profile in ("triton", "knative"):
            mark = warehouse.watermark("prod", profile)
            assert mark == half.replace(tzinfo=None), profile
