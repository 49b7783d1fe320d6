"""Slack: an incoming webhook, or `chat.postMessage` with a bot token as `http_config.authorization`.

Links stand in the text and are no buttons: Slack shows an error beside a button whose app has no interaction address.
"""

from __future__ import annotations

from typing import Any

import orjson

from alerts.delivery.exchange import Exchange
from alerts.delivery.message import Item, Link, Message, message_of
from alerts.delivery.result import NOT_SENT, Result
from alerts.delivery.senders.templates import literal
from alerts.routing.receivers import SlackSettings
from warehouse.alert_log.outbox import Delivery
from warehouse.errors import ConfigurationError

HEADER_LENGTH = 150
SECTION_LENGTH = 3000
MOST_ALERTS = 15
RED, AMBER, GREEN = "#c62828", "#ef8f00", "#2e7d32"
LESSER = frozenset({"ticket", "warning", "info", "none"})
PASSING_ERRORS = frozenset({"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable"})


class SlackSender:
    """Posts one message a notification."""

    def __init__(self, settings: SlackSettings) -> None:
        self._settings = settings
        self._exchange = Exchange(settings.http_config, settings.timeout)

    def send(self, delivery: Delivery, repeat: bool) -> Result:
        """One POST."""
        try:
            url = self._settings.address()
        except ConfigurationError as error:
            return Result("failed", None, NOT_SENT + error.message)
        result = self._exchange.post(url, orjson.dumps(slack_body(delivery, repeat, self._settings)))
        return _said_no(result) or result

    def close(self) -> None:
        """Close the connections."""
        self._exchange.close()


def slack_body(delivery: Delivery, repeat: bool, settings: SlackSettings) -> dict[str, Any]:
    """The JSON of the message."""
    message = message_of(delivery.payload, MOST_ALERTS)
    blocks = [{"type": "header", "text": {"type": "plain_text", "text": _cut(message.title, HEADER_LENGTH)}}]
    blocks += [_section(_alert(message, item)) for item in message.items]
    last = [_links(message.links)] if message.links else []
    if message.left_out:
        last.append(f"and {message.left_out} more alerts")
    if repeat:
        last.append("_possibly a repeat: an earlier attempt had no answer_")
    if last:
        blocks.append(_section("\n".join(last)))
    color = GREEN if message.status == "resolved" else AMBER if message.severity in LESSER else RED
    given = {"channel": settings.channel, "username": settings.username, "icon_emoji": settings.icon_emoji,
             "icon_url": settings.icon_url}  # fmt: skip
    return {
        "text": escaped(message.title),
        "attachments": [{"color": color, "fallback": escaped(message.title), "blocks": blocks}],
        **{name: text for name, text in given.items() if literal(text)},
    }


def escaped(text: str) -> str:
    """`text` so that Slack shows it and obeys nothing in it (`<!channel>` would wake everybody)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _alert(message: Message, item: Item) -> str:
    mark = "[RESOLVED] " if item.status == "resolved" else ""
    lines = [f"*{mark}{_cut(escaped(item.title), 500)}*"]
    if item.description:
        lines.append(_cut(escaped(item.description), 1000))
    lines += [f"{escaped(name)}: {_cut(escaped(text), 300)}" for name, text in message.facts(item)[:12]]
    if item.links:
        lines.append(_links(item.links))
    while len("\n".join(lines)) > SECTION_LENGTH and len(lines) > 2:
        lines.pop(-2 if item.links else -1)  # the links stay
    return "\n".join(lines)


def _links(links: tuple[Link, ...]) -> str:
    return "  ·  ".join(f"<{address.replace('&', '&amp;')}|{escaped(title)}>" for title, address in links)


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:SECTION_LENGTH]}}


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _said_no(result: Result) -> Result | None:
    """The API (not the webhook) says 200 to everything and writes the failure into the answer."""
    if result.outcome != "sent" or not result.answer.startswith("{"):
        return None
    try:
        answer = orjson.loads(result.answer)
    except ValueError:  # an excerpt of a long one: only success is long
        return None
    if answer.get("ok") is not False:
        return None
    passing = answer.get("error") in PASSING_ERRORS
    return Result("failed" if passing else "dead", result.status, result.answer, result.retry_after)
