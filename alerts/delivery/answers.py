"""From an HTTP answer to a result: what is final, what is tried again and when, and what a person may see of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from alerts.delivery.result import Result

TRY_AGAIN = frozenset({408, 425, 429})
EXCERPT = 500
SHORTEST_SECRET = 6  # masking a shorter one would mask ordinary words


def of_status(
    status: int, headers: Mapping[str, str], body: bytes, now: datetime, secrets: Iterable[str] = ()
) -> Result:
    """The result of a complete answer.

    2xx is sent. A redirect is dead: it leads to a login or to a server that was not configured. 4xx is dead except 408,
    425 and 429, which like 5xx are tried again.
    """
    text = excerpt(body, secrets)
    if 200 <= status < 300:
        return Result("sent", status, text)
    if 300 <= status < 400:
        host = urlsplit(headers.get("location", "")).netloc or "elsewhere"
        return Result(
            "dead", status, f"a redirect to {masked(host, secrets)}, not followed: configure the final address"
        )
    if status < 500 and status not in TRY_AGAIN:
        return Result("dead", status, text)
    return Result("failed", status, text, retry_after(headers.get("retry-after", ""), now))


def retry_after(text: str, now: datetime) -> timedelta | None:
    """How long a Retry-After header asks to wait, in seconds or as a date; None when it does not say."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text), 10**6))
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(moment.replace(tzinfo=moment.tzinfo or UTC) - now, timedelta(0))


def excerpt(body: bytes | str, secrets: Iterable[str] = ()) -> str:
    """The beginning of an answer on one line, credentials masked."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    return masked(" ".join(text.split()), secrets)[:EXCERPT]


def masked(text: str, secrets: Iterable[str]) -> str:
    """`text` without any of `secrets`."""
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, "***")
    return text
