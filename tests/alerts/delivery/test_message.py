"""What a person reads, and that nothing in a label can do harm in any medium."""

from __future__ import annotations

import json
from typing import Any

import pytest

from alerts.delivery.message import message_of
from alerts.delivery.senders.msteams import CARD_BYTES, teams_body
from alerts.delivery.senders.plain_text import plain_text
from alerts.delivery.senders.slack import slack_body
from alerts.routing.receivers import SlackSettings
from deliveries import ANNOTATIONS, LABELS, delivery, payload

EVIL = "<!channel> *bold* [x](javascript:alert(1)) & <script>alert(1)</script> @here\r\nBcc: evil@example.com"


def many(count: int, **labels: str) -> dict[str, Any]:
    alert = payload()["alerts"][0]
    alerts = [alert | {"labels": LABELS | {"pod": f"p{n}"} | labels, "fingerprint": f"{n:016x}"} for n in range(count)]
    return payload(alerts=alerts)


def test_a_page_says_what_how_bad_since_when_which_values_and_what_to_do() -> None:
    assert plain_text(message_of(payload()), repeat=False) == (
        "BurnFast: checkout burns its error budget\n"
        "2 % of the month in 1 h\n"
        "  When: since 2026-11-24 02:41 UTC\n"
        "  burn rate: 16.2\n"
        "  threshold: 14.4\n"
        "  Owner: team-pay\n"
        "  Labels: service=checkout\n"
        "  Runbook: https://runbooks.example/burn\n"
        "\n"
        "Why was I paged?: http://meterline.example/explain/1?a=1&b=2\n"
        "Acknowledge: http://meterline.example/ack/1\n"
        "Noise: http://meterline.example/judge/1/noise\n"
    )
    assert message_of(payload()).title == "[FIRING:1] page: BurnFast: checkout burns its error budget"


def test_a_recovery_is_marked_and_says_from_when_until_when() -> None:
    message = message_of(payload("resolved"))
    assert message.title.startswith("[RESOLVED] page: BurnFast")
    assert "  When: 2026-11-24 02:41 UTC to 2026-11-24 02:58 UTC\n" in plain_text(message, repeat=False)


def test_of_several_the_worst_firing_one_comes_first_and_the_rest_is_counted() -> None:
    content = many(30)
    content["alerts"][3]["labels"] = content["alerts"][3]["labels"] | {"severity": "info"}
    content["alerts"][4]["status"] = "resolved"
    content["truncatedAlerts"] = 5
    message = message_of(content, most=28)
    assert message.severity == "page"
    assert message.title == "[FIRING:29] page: BurnFast: checkout burns its error budget"
    assert (len(message.items), message.left_out) == (28, 7)
    assert all(item.severity == "page" for item in message.items)


def test_links_of_one_alert_stand_with_it() -> None:
    content = payload()
    content["meterline"] = {"links": {content["alerts"][0]["fingerprint"]: {"acknowledge": "https://m.example/a"}}}
    message = message_of(content)
    assert message.links == ()
    assert ("Acknowledge", "https://m.example/a") in message.items[0].links


@pytest.mark.parametrize("address", ["javascript:alert(1)", "file:///etc/passwd", "", "https://x/" + "y" * 3000])
def test_only_web_addresses_become_links(address: str) -> None:
    content = payload()
    content["alerts"][0]["annotations"] = ANNOTATIONS | {"runbook_url": address}
    assert "Runbook" not in dict(message_of(content).items[0].links)


@pytest.mark.parametrize("content", [{}, {"alerts": [{}]}, {"alerts": None, "status": "resolved"}])
def test_a_payload_without_anything_is_still_a_message(content: dict[str, Any]) -> None:
    assert message_of(content).title.startswith(("[FIRING:", "[RESOLVED]"))
    assert json.dumps(slack_body(delivery(content), False, SlackSettings()))
    assert teams_body(delivery(content), False)


def evil() -> dict[str, Any]:
    labels = LABELS | {"alertname": EVIL, "pod": EVIL}
    alert = payload()["alerts"][0] | {
        "labels": labels,
        "annotations": {"summary": EVIL, "runbook_url": "https://x/<a>|b"},
    }
    return payload(alerts=[alert])


def test_slack_obeys_nothing_in_a_label() -> None:
    text = json.dumps(slack_body(delivery(evil()), False, SlackSettings())["attachments"][0]["blocks"][1:])
    assert "<!channel>" not in text
    assert "&lt;!channel&gt;" in text
    assert "<https://x/%3Ca%3E%7Cb|Runbook>" in text


def test_slack_blocks_stay_within_their_limits() -> None:
    content = many(40, long="x" * 5000)
    body = slack_body(delivery(content), True, SlackSettings(channel="#oncall", username="{{ template }}"))
    blocks = body["attachments"][0]["blocks"]
    assert len(blocks) <= 50
    assert all(len(block["text"]["text"]) <= 3000 for block in blocks)
    assert len(blocks[0]["text"]["text"]) <= 150
    assert body["channel"] == "#oncall"
    assert "username" not in body
    assert "and 25 more alerts" in blocks[-1]["text"]["text"]
    assert "repeat" in blocks[-1]["text"]["text"]


def test_a_teams_card_shows_texts_as_they_are_and_stays_small() -> None:
    card = json.loads(teams_body(delivery(evil()), False))["attachments"][0]["content"]
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    big = teams_body(delivery(many(200, long="ü" * 2000)), True)
    assert len(big) <= CARD_BYTES
    assert "more alerts" in big.decode()
    actions = json.loads(teams_body(delivery(), False))["attachments"][0]["content"]["actions"]
    assert [one["title"] for one in actions] == ["Why was I paged?", "Acknowledge", "Noise", "Runbook"]


def test_a_label_makes_no_lines_of_its_own() -> None:
    """They would look like ours: `Runbook: ...`."""
    labels = LABELS | {"pod": "p\r\nRunbook: http://evil.example"}
    [item] = message_of(payload(labels=labels)).items
    assert ("pod", "p Runbook: http://evil.example") in item.labels
    assert "\n" not in item.title + item.owner + item.severity
