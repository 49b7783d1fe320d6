"""A notification as plain text: for mail, and for what apprise reaches."""

from __future__ import annotations

from alerts.delivery.message import Item, Message

REPEAT = "This may be a repeat: an earlier attempt had no answer."


def plain_text(message: Message, repeat: bool) -> str:
    """All of the message but its title."""
    parts = [_alert(message, item) for item in message.items]
    if message.left_out:
        parts.append(f"... and {message.left_out} more alerts")
    if message.links:
        parts.append("\n".join(f"{title}: {address}" for title, address in message.links))
    if repeat:
        parts.append(REPEAT)
    return "\n\n".join(parts) + "\n"


def _alert(message: Message, item: Item) -> str:
    mark = "[RESOLVED] " if item.status == "resolved" else ""
    lines = [mark + item.title, *([item.description] if item.description else [])]
    lines += [f"  {name}: {text}" for name, text in [*message.facts(item), *item.links]]
    return "\n".join(lines)
