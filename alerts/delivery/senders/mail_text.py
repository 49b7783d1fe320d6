"""The mail of a notification: text and HTML, with headers that make the mails of one group a thread."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses
from html import escape

from alerts.delivery.message import Item, Link, Message, message_of
from alerts.delivery.senders.plain_text import REPEAT, plain_text
from alerts.delivery.senders.templates import literal
from alerts.routing.receivers import EmailSettings
from warehouse.alert_log.moment import to_us
from warehouse.alert_log.outbox import Delivery

RED, GREEN = "#c62828", "#2e7d32"
OURS = frozenset({"from", "to", "subject", "message-id", "in-reply-to", "references", "date", "mime-version"})


def mail_of(delivery: Delivery, repeat: bool, settings: EmailSettings) -> EmailMessage:
    """The mail of one delivery. Every attempt has the same Message-ID, so that a mail server can drop the second."""
    message = message_of(delivery.payload)
    mail = EmailMessage()
    mail["From"] = _one_line(literal(_header(settings, "from")) or settings.sender)
    mail["To"] = _one_line(literal(_header(settings, "to")) or settings.to)
    mail["Subject"] = _one_line(literal(_header(settings, "subject")) or message.title)
    mail["Date"] = format_datetime(delivery.created_at)
    host = domain(settings)
    mail["Message-ID"] = f"<{delivery.id}.{to_us(delivery.created_at)}.{delivery.dedup_key[:32]}@{host}>"
    thread = f"<group.{delivery.dedup_key[:64]}@{host}>"
    mail["In-Reply-To"], mail["References"] = thread, thread
    mail["Auto-Submitted"] = "auto-generated"  # so that no holiday notice answers
    for name, text in settings.headers.items():
        if name.lower() not in OURS and literal(text):
            mail[name] = _one_line(text)
    mail.set_content(plain_text(message, repeat))
    mail.add_alternative(_html(message, repeat), subtype="html")
    return mail


def addresses(text: str) -> list[str]:
    """The bare addresses of a list like `SRE <sre@example.com>, ops@example.com`."""
    return [address for _, address in getaddresses([text]) if address]


def domain(settings: EmailSettings) -> str:
    """The domain of the sender's address."""
    found = addresses(settings.sender)
    try:
        return Address(addr_spec=found[0]).domain if found else "meterline"
    except (ValueError, IndexError):
        return "meterline"


def _header(settings: EmailSettings, name: str) -> str:
    return next((text for key, text in settings.headers.items() if key.lower() == name), "")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _html(message: Message, repeat: bool) -> str:
    color = GREEN if message.status == "resolved" else RED
    parts = [f'<h2 style="color:{color}">{escape(message.title)}</h2>']
    parts += [_alert(message, item) for item in message.items]
    if message.left_out:
        parts.append(f"<p>... and {message.left_out} more alerts</p>")
    if message.links:
        parts.append(f"<p>{_links(message.links)}</p>")
    if repeat:
        parts.append(f"<p><i>{REPEAT}</i></p>")
    return f'<html><body style="font-family:sans-serif">{"".join(parts)}</body></html>'


def _alert(message: Message, item: Item) -> str:
    mark = "[RESOLVED] " if item.status == "resolved" else ""
    rows = "".join(
        f'<tr><td style="color:#666;padding-right:1em">{escape(name)}</td><td>{escape(text)}</td></tr>'
        for name, text in message.facts(item)
    )
    description = f"<p>{escape(item.description)}</p>" if item.description else ""
    return f"<h3>{escape(mark + item.title)}</h3>{description}<table>{rows}</table><p>{_links(item.links)}</p>"


def _links(links: tuple[Link, ...]) -> str:
    return " &middot; ".join(f'<a href="{escape(address)}">{escape(title)}</a>' for title, address in links)
