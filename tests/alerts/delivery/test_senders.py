"""Each own sender against a server that speaks its protocol."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from alerts.delivery.kinds import SENDERS, make_sender
from alerts.delivery.result import NOT_SENT
from alerts.delivery.senders.msteams import TeamsSender
from alerts.delivery.senders.pagerduty import PagerDutySender
from alerts.delivery.senders.slack import SlackSender
from alerts.delivery.senders.webhook import WebhookSender
from alerts.routing.receivers import (
    Integration,
    OpsgenieSettings,
    PagerDutySettings,
    SlackSettings,
    TeamsSettings,
    WebhookSettings,
)
from deliveries import delivery, payload
from servers.sink import EVENTS, Behaviour, Sink
from warehouse.errors import ConfigurationError


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as opened:
        yield opened


def pagerduty(sink: Sink, **settings: str) -> PagerDutySender:
    return PagerDutySender(PagerDutySettings(routing_key=SecretStr("R" * 32), url=sink.url + EVENTS, **settings))


def test_a_webhook_is_alertmanagers_json_with_ours_beside_it(sink: Sink) -> None:
    sender = WebhookSender(WebhookSettings(url=SecretStr(f"{sink.url}/hook")))
    assert sender.send(delivery(attempts=2), repeat=True).outcome == "sent"
    sender.close()
    got = sink.received[0]
    assert got.headers["idempotency-key"] == "a" * 64 + "-7"
    assert got.headers["meterline-possible-repeat"] == "true"
    expected = payload()
    ours = {"delivery": 7, "attempt": 3, "possible_repeat": True, "links": expected.pop("meterline")["links"]}
    assert got.body == expected | {"meterline": ours}


def test_a_webhook_truncates_as_alertmanager_does(sink: Sink) -> None:
    sender = WebhookSender(WebhookSettings(url=SecretStr(sink.url), max_alerts=1))
    sender.send(delivery(payload(alerts=payload()["alerts"] * 4, truncatedAlerts=2)), repeat=False)
    sender.close()
    assert (len(sink.bodies()[0]["alerts"]), sink.bodies()[0]["truncatedAlerts"]) == (1, 5)
    assert "meterline-possible-repeat" not in sink.received[0].headers


def test_a_missing_url_file_is_tried_again(tmp_path: Path) -> None:
    result = WebhookSender(WebhookSettings(url_file=tmp_path / "url")).send(delivery(), repeat=False)
    assert result.outcome == "failed"
    assert result.answer.startswith(NOT_SENT)


def test_pagerduty_opens_one_incident_however_often_it_is_told_and_resolves_it(sink: Sink) -> None:
    sender = pagerduty(sink)
    for repeat in (False, True):
        assert sender.send(delivery(), repeat).status == 202
    event = sink.bodies()[1]
    assert event["payload"] | {"custom_details": None} == {
        "summary": "[FIRING:1] page: BurnFast: checkout burns its error budget",
        "source": "checkout",
        "severity": "critical",
        "timestamp": "2026-11-24T02:41:07+00:00",
        "class": "BurnFast",
        "custom_details": None,
    }
    details = event["payload"]["custom_details"]
    assert details["alerts"][0]["burn rate"] == "16.2"
    assert details["possible_repeat"] is True
    assert {"href": "https://runbooks.example/burn", "text": "Runbook"} in event["links"]
    assert event["client_url"] == "http://meterline.example"
    sender.send(delivery(reason="acknowledged"), repeat=False)
    assert sink.incidents.by_key["a" * 64].state == "acknowledged"
    sender.send(delivery(payload("resolved")), repeat=False)
    incident = sink.incidents.by_key["a" * 64]
    assert (incident.state, incident.opened, incident.triggers) == ("resolved", 1, 2)
    sender.close()


@pytest.mark.parametrize(("said", "severity"), [("ticket", "warning"), ("info", "info"), ("odd", "error")])
def test_severities_in_pagerdutys_words(sink: Sink, said: str, severity: str) -> None:
    sender = pagerduty(sink, severity="{{ .GroupLabels.severity }}", source="gw-1")
    labels = {"alertname": "A", "severity": said}
    sender.send(delivery(payload(labels=labels)), repeat=False)
    sender.close()
    assert sink.bodies()[0]["payload"]["severity"] == severity
    assert sink.bodies()[0]["payload"]["source"] == "gw-1"


def test_an_event_of_a_storm_is_cut_to_what_pagerduty_takes(sink: Sink) -> None:
    alert = payload()["alerts"][0] | {"annotations": {"summary": "s" * 5000, "description": "d" * 20000}}
    sender = pagerduty(sink)
    assert sender.send(delivery(payload(alerts=[alert] * 200)), repeat=False).status == 202
    sender.close()
    body = sink.bodies()[0]
    assert len(json.dumps(body)) < 512_000
    assert body["payload"]["custom_details"]["alerts_left_out"] > 100


def test_a_wrong_key_is_a_dead_letter_that_does_not_show_it(sink: Sink) -> None:
    sink.behave(Behaviour(status=400, body="Invalid Routing Key " + "R" * 32))
    result = pagerduty(sink).send(delivery(), repeat=False)
    assert (result.outcome, result.answer) == ("dead", "Invalid Routing Key ***")


@pytest.mark.parametrize(
    ("body", "outcome"),
    [("ok", "sent"), ('{"ok":true}', "sent"), ('{"ok":false,"error":"channel_not_found"}', "dead"),
     ('{"ok":false,"error":"ratelimited"}', "failed")],
)  # fmt: skip
def test_slack_says_no_with_status_200(sink: Sink, body: str, outcome: str) -> None:
    sink.behave(Behaviour(body=body))
    sender = SlackSender(SlackSettings(api_url=SecretStr(f"{sink.url}/services/T/B/secret")))
    assert sender.send(delivery(), repeat=False).outcome == outcome
    sender.close()
    attachment = sink.bodies()[0]["attachments"][0]
    assert attachment["color"] == "#c62828"
    assert "<http://meterline.example/ack/1|Acknowledge>" in attachment["blocks"][-1]["text"]["text"]


def test_teams(sink: Sink) -> None:
    sink.behave(Behaviour(status=202, body=""))
    sender = TeamsSender(TeamsSettings(webhook_url=SecretStr(sink.url)))
    assert sender.send(delivery(), repeat=False).outcome == "sent"
    sender.close()
    assert sink.bodies()[0]["attachments"][0]["contentType"] == "application/vnd.microsoft.card.adaptive"


def test_opsgenie_is_refused_with_what_to_use_instead() -> None:
    with pytest.raises(ConfigurationError, match="2027-04-05"):
        make_sender(Integration("r", "opsgenie", 0, OpsgenieSettings(), True))
    assert set(SENDERS) == {"webhook", "pagerduty", "slack", "msteamsv2", "email", "apprise"}
