"""Microsoft Teams: an adaptive card for a Workflows webhook ("post to a channel when a webhook request is received").

Texts of alerts stand in text runs, which Teams shows as they are: nothing in them is read as Markdown.
"""

from __future__ import annotations

from typing import Any

import orjson

from alerts.delivery.exchange import Exchange
from alerts.delivery.message import Item, Link, Message, message_of
from alerts.delivery.result import NOT_SENT, Result
from alerts.routing.receivers import TeamsSettings
from warehouse.alert_log.outbox import Delivery
from warehouse.errors import ConfigurationError

CARD_BYTES = 20_000  # Teams says 28 KB and is known to refuse cards above 21 KB
MOST_ALERTS = 15
MOST_BUTTONS = 6


class TeamsSender:
    """Posts one card a notification."""

    def __init__(self, settings: TeamsSettings) -> None:
        self._settings = settings
        self._exchange = Exchange(settings.http_config, settings.timeout)

    def send(self, delivery: Delivery, repeat: bool) -> Result:
        """One POST."""
        try:
            url = self._settings.address()
        except ConfigurationError as error:
            return Result("failed", None, NOT_SENT + error.message)
        return self._exchange.post(url, teams_body(delivery, repeat))

    def close(self) -> None:
        """Close the connections."""
        self._exchange.close()


def teams_body(delivery: Delivery, repeat: bool) -> bytes:
    """The JSON, with as many alerts as Teams takes."""
    most = MOST_ALERTS
    while True:
        body = orjson.dumps(_envelope(message_of(delivery.payload, most), repeat))
        if len(body) <= CARD_BYTES or most == 0:
            return body
        most //= 2


def _envelope(message: Message, repeat: bool) -> dict[str, Any]:
    color = "Good" if message.status == "resolved" else "Attention"
    body = [_text([_run(message.title, weight="Bolder", size="Medium", color=color)])]
    for item in message.items:
        body += _alert(message, item)
    if message.left_out:
        body.append(_text([_run(f"and {message.left_out} more alerts", isSubtle=True)]))
    if repeat:
        body.append(_text([_run("possibly a repeat: an earlier attempt had no answer", isSubtle=True)]))
    links = list(dict.fromkeys([*message.links, *(link for item in message.items for link in item.links)]))
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": body,
        "actions": [_button(link) for link in links[:MOST_BUTTONS]],
        "msteams": {"width": "full"},
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _alert(message: Message, item: Item) -> list[dict[str, Any]]:
    mark = "[RESOLVED] " if item.status == "resolved" else ""
    blocks = [_text([_run((mark + item.title)[:500], weight="Bolder")], spacing="Large")]
    if item.description:
        blocks.append(_text([_run(item.description[:1000])]))
    for name, text in message.facts(item)[:12]:
        blocks.append(_text([_run(f"{name}: ", isSubtle=True), _run(text[:300])], spacing="None"))
    return blocks


def _text(runs: list[dict[str, Any]], **more: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": runs, **more}


def _run(text: str, **more: str | bool) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **more}


def _button(link: Link) -> dict[str, str]:
    return {"type": "Action.OpenUrl", "title": link[0], "url": link[1]}
