"""The dead man's switch beats while we live, and only then."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.delivery.heartbeat import Heartbeat
from servers.sink import Behaviour, Sink


def test_it_beats_again_and_again_in_its_thread() -> None:
    with Sink() as sink:
        heart = Heartbeat(lambda: f"{sink.url}/beat", every=timedelta(milliseconds=20))
        heart.start()
        sink.wait(3, path="/beat")
        heart.stop()
        assert sink.bodies()[0]["source"] == "meterline"


def test_it_stops_when_we_are_not_alive() -> None:
    with Sink() as sink:
        assert Heartbeat(lambda: sink.url, alive=lambda: False).beat() is None
        assert sink.received == []


def test_a_failure_is_logged_once_without_its_address(caplog: pytest.LogCaptureFixture) -> None:
    with Sink() as sink:
        sink.behave(Behaviour(status=404, times=3))
        heart = Heartbeat(lambda: f"{sink.url}/very-secret")
        for _ in range(4):
            heart.beat()
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "very-secret" not in caplog.text
    assert heart.last is not None
    assert heart.last.done
