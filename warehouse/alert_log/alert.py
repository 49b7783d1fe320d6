"""What an alert is: labels that identify it, and since when it fires."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

OFFSET = 14695981039346656037
PRIME = 1099511628211
MASK = (1 << 64) - 1

Labels = Mapping[str, str]


def fingerprint(labels: Labels) -> str:
    """Alertmanager's: FNV-1a of 64 bits over name, 0xFF, value, 0xFF of the sorted labels, as 16 hexadecimal digits.

    Labels with an empty value do not exist and count for nothing.
    """
    text = b"".join(
        name.encode() + b"\xff" + value.encode() + b"\xff" for name, value in sorted(labels.items()) if value
    )
    digest = OFFSET
    for byte in text:
        digest = (digest ^ byte) * PRIME & MASK
    return f"{digest:016x}"


def as_text(content: object) -> str:
    """JSON with sorted keys, as the log stores labels and details."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as it is posted. `ends_at` in the future, or none, means firing; times are aware UTC."""

    labels: Labels
    annotations: Labels
    starts_at: datetime
    ends_at: datetime | None = None
    generator_url: str = ""


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """An alert as the log holds it. `ends_at` is set when it is resolved.

    `expires_at` is when it resolves by itself unless posted again. `origin` is `api`, `rule` or `self`.
    """

    fingerprint: str
    labels: Labels
    annotations: Labels
    generator_url: str
    origin: str
    starts_at: datetime
    ends_at: datetime | None
    expires_at: datetime | None
    received_at: datetime
    revision: int = field(compare=False)

    def resolved(self, now: datetime) -> bool:
        """Whether it is over at `now`."""
        return self.ends_at is not None and self.ends_at <= now
