"""What an alert is: labels that identify it, and since when it fires."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import orjson

OFFSET = np.uint64(14695981039346656037)
PRIME = np.uint64(1099511628211)

Labels = Mapping[str, str]


def fingerprint(labels: Labels) -> str:
    """Alertmanager's: FNV-1a of 64 bits over name, 0xFF, value, 0xFF of the sorted labels, as 16 hexadecimal digits.

    Labels with an empty value do not exist and count for nothing.
    """
    return fingerprints([labels])[0]


def fingerprints(several: Sequence[Labels]) -> tuple[str, ...]:
    """The fingerprint of each: byte by byte over all of them at once, as a storm brings thousands."""
    if not several:
        return ()
    texts = [
        b"".join([name.encode() + b"\xff" + value.encode() + b"\xff" for name, value in sorted(one.items()) if value])
        for one in several
    ]
    lengths = np.array([len(text) for text in texts])
    order = np.argsort(-lengths, kind="stable")  # the longest first: those that go on are always a head of the array
    width = int(lengths.max())
    octets = np.frombuffer(b"".join([texts[place].ljust(width, b"\0") for place in order]), dtype=np.uint8)
    columns = octets.reshape(len(texts), width).T.astype(np.uint64)
    going_on = np.searchsorted(-lengths[order], -np.arange(width), side="left")
    digests = np.full(len(texts), OFFSET)
    for column, rows in zip(columns, going_on, strict=True):
        digests[:rows] = (digests[:rows] ^ column[:rows]) * PRIME  # modulo 2^64, as arrays of uint64 are
    found = np.empty_like(digests)
    found[order] = digests
    return tuple([f"{digest:016x}" for digest in found.tolist()])


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
