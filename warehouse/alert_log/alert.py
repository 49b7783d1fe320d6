"""What an alert is: labels that identify it, and since when it fires."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import orjson
from numpy.typing import NDArray

OFFSET = np.uint64(14695981039346656037)
PRIME = np.uint64(1099511628211)
OCTETS_AT_ONCE = 4 << 20
"""As many are hashed together, padding included: one long label must not make thousands of short ones as long."""

Labels = Mapping[str, str]


def fingerprint(labels: Labels) -> str:
    """Alertmanager's: FNV-1a of 64 bits over name, 0xFF, value, 0xFF of the sorted labels, as 16 hexadecimal digits.

    Labels with an empty value do not exist and count for nothing.
    """
    return fingerprints([labels])[0]


def fingerprints(several: Sequence[Labels]) -> tuple[str, ...]:
    """The fingerprint of each: byte by byte over many of them at once, as a storm brings thousands."""
    texts = [
        b"".join([name.encode() + b"\xff" + value.encode() + b"\xff" for name, value in sorted(one.items()) if value])
        for one in several
    ]
    order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
    found = np.empty(len(texts), dtype=np.uint64)
    start = 0
    while start < len(order):
        some = order[start : start + max(1, OCTETS_AT_ONCE // max(1, len(texts[order[start]])))]
        found[some] = _digests([texts[place] for place in some])
        start += len(some)
    return tuple([f"{digest:016x}" for digest in found.tolist()])


def _digests(texts: Sequence[bytes]) -> NDArray[np.uint64]:
    """The hash of each; the longest comes first, so that those that go on are always a head of the array."""
    width = len(texts[0])
    octets = np.frombuffer(b"".join([text.ljust(width, b"\0") for text in texts]), dtype=np.uint8)
    columns = octets.reshape(len(texts), width).T.astype(np.uint64)
    going_on = np.searchsorted([-len(text) for text in texts], -np.arange(width), side="left")
    digests = np.full(len(texts), OFFSET)
    for column, rows in zip(columns, going_on, strict=True):
        digests[:rows] = (digests[:rows] ^ column[:rows]) * PRIME  # modulo 2^64, as arrays of uint64 are
    return digests


def as_text(content: object) -> str:
    """JSON with sorted keys, as the log stores labels and details."""
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS).decode()


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
