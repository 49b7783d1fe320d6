"""Signed links in messages: one press acknowledges, or says what the page was worth. No account is needed.

A link names the group that it came with and the word that it says; it is signed with a secret that only this data
directory knows, and good for 30 days. Opening it shows a question: programs that look into links ahead of people must
not acknowledge for them.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from itsdangerous import BadSignature, URLSafeTimedSerializer

from warehouse.alert_log.feedback import VERDICTS
from warehouse.alert_log.log import AlertLog
from warehouse.errors import ConfigurationError

GOOD_FOR = timedelta(days=30)
ACKNOWLEDGE = "acknowledge"
WORDS = (ACKNOWLEDGE, *VERDICTS)
OFFERED = (ACKNOWLEDGE, "actionable", "noise", "planned")
PATH = "/alerts/say"


@dataclass(frozen=True, slots=True)
class Saying:
    """What a link says: `word` about the alerts of the group `dedup_key`, as they were told at `told_at`."""

    dedup_key: str
    word: str
    told_at: datetime


def signer(log: AlertLog) -> URLSafeTimedSerializer:
    """Signs with the secret of this log, which is made on first use."""
    with log.transaction() as tx:
        tx.execute("INSERT OR IGNORE INTO setting VALUES ('link_secret', ?)", (secrets.token_urlsafe(32),))
        secret = tx.rows("SELECT value FROM setting WHERE key = 'link_secret'")[0]["value"]
    return URLSafeTimedSerializer(secret, salt="alerts")


def link_maker(log: AlertLog, external_url: str | None) -> Callable[[str, datetime], Mapping[str, str]] | None:
    """Gives the links of a notification by its dedup key; None without an address to begin them with."""
    if external_url is None:
        return None
    base, sign = external_url.rstrip("/"), signer(log)

    def links(dedup_key: str, now: datetime) -> Mapping[str, str]:
        tokens = {word: sign.dumps([dedup_key, word]) for word in OFFERED}
        return {word: f"{base}{PATH}?{urlencode({'t': token})}" for word, token in tokens.items()} | {
            "explain": f"{base}/api/v1/groups/{dedup_key}"
        }

    return links


def read(log: AlertLog, token: str, now: datetime) -> Saying:
    """What a token says. Raises ConfigurationError when it is not ours, or too old.

    One of a time to come is fine: the clock was put back since.
    """
    try:
        content, signed = signer(log).loads(token, return_timestamp=True)
        dedup_key, word = content
    except (BadSignature, ValueError, TypeError) as error:
        raise ConfigurationError(
            "this link was not made by this Meterline", "open it from the message again"
        ) from error
    if word not in WORDS:
        raise ConfigurationError("this link says nothing that is known", "open it from the message again")
    if now - signed > GOOD_FOR:
        raise ConfigurationError("this link is older than 30 days", "use `meterline alerts ack` instead")
    return Saying(dedup_key, word, signed.astimezone(UTC).replace(microsecond=999_999))  # it is signed to the second
