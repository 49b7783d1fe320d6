"""What came of one request to a receiver."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Protocol

from warehouse.alert_log.outbox import Delivery

Outcome = Literal["sent", "accepted", "failed", "dead"]

NOT_SENT = "not sent: "
"""How the answer of an attempt begins that certainly never reached the receiver."""


@dataclass(frozen=True, slots=True)
class Result:
    """The end of one attempt.

    `sent`: the receiver took it; `accepted`: a library took it and cannot tell more; `failed`: to be tried again, not
    before `retry_after` if the receiver said so; `dead`: the receiver refuses it and would again. `status` is that of
    HTTP or SMTP, None without an answer. `answer` is an excerpt for a person, without credentials.
    """

    outcome: Outcome
    status: int | None = None
    answer: str = ""
    retry_after: timedelta | None = None

    @property
    def done(self) -> bool:
        """Whether the receiver has it."""
        return self.outcome in ("sent", "accepted")


class Sender(Protocol):
    """One integration's way to its receiver. Called from one thread at a time; never raises for a failure to send."""

    def send(self, delivery: Delivery, repeat: bool) -> Result:
        """Send `delivery` once. `repeat`: an earlier attempt may have arrived."""
        ...

    def close(self) -> None:
        """Give back what it holds; it may be used again after that."""
        ...


class Undeliverable:
    """The sender of an integration that cannot send at all: every delivery is a dead letter with the reason."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def send(self, delivery: Delivery, repeat: bool) -> Result:
        """A dead letter."""
        return Result("dead", None, NOT_SENT + self._reason)

    def close(self) -> None:
        """Nothing to give back."""
