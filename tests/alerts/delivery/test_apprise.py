"""The long tail through the real apprise library, to a loopback server by its json:// scheme."""

from __future__ import annotations

import builtins
import logging
from typing import Any

import pytest
from pydantic import SecretStr

from alerts.delivery.kinds import make_sender
from alerts.delivery.senders.apprise import TRIES, AppriseSender
from alerts.routing.receivers import AppriseSettings, Integration
from deliveries import delivery, payload
from servers.sink import Behaviour, Sink
from warehouse.errors import ConfigurationError


def sender(url: str) -> AppriseSender:
    return AppriseSender(AppriseSettings(url=SecretStr(url)))


def test_a_success_is_accepted_and_never_called_sent() -> None:
    with Sink() as sink:
        one = sender(sink.url.replace("http://", "json://"))
        assert one.send(delivery(), repeat=False).outcome == "accepted"
        one.send(delivery(payload("resolved")), repeat=True)
    firing, resolved = sink.bodies()
    assert firing["title"] == "[FIRING:1] page: BurnFast: checkout burns its error budget"
    assert "Runbook: https://runbooks.example/burn" in firing["message"]
    assert (firing["type"], resolved["type"]) == ("failure", "success")


def test_a_failure_is_tried_a_few_times_only(caplog: pytest.LogCaptureFixture) -> None:
    with Sink() as sink, caplog.at_level(logging.DEBUG):
        sink.behave(Behaviour(status=503))
        one = sender(sink.url.replace("http://", "json://user:verysecret@"))
        outcomes = [one.send(delivery(attempts=tries), repeat=False).outcome for tries in range(TRIES)]
    assert outcomes == ["failed"] * (TRIES - 1) + ["dead"]
    assert "verysecret" not in caplog.text


@pytest.mark.parametrize("url", ["nonsense", "slak://a/b/c", "discord://"])
def test_a_url_that_apprise_does_not_know_is_refused_before_anything_is_sent(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ConfigurationError, match=r"apprise\[0\] of receiver chat.*does not understand"):
        make_sender(Integration("chat", "apprise", 0, AppriseSettings(url=SecretStr(url)), True))


def test_without_the_package_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def absent(name: str, *rest: Any, **more: Any) -> Any:
        if name == "apprise":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(ConfigurationError, match=r"pip install 'meterline\[apprise\]'"):
        sender("json://127.0.0.1")
