"""Every error that a person may meet, each with what happened and what to do about it.

The command line turns them into one line on stderr and an exit code (`exit_code` below); nothing else decides on exit
codes. An error that is not one of these is a defect of ours.
"""

from __future__ import annotations


class MeterlineError(Exception):
    """Base of all expected failures.

    `message` names the cause (file, key, value, address), `remedy` says what to do; both are one sentence without a
    trailing period. `exit_code` is what the command line returns.
    """

    exit_code = 1

    def __init__(self, message: str, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}" if self.remedy else self.message


class ConfigurationError(MeterlineError):
    """The configuration or the command's words are wrong: nothing was done."""

    exit_code = 2


class SourceError(MeterlineError):
    """A source could not be collected; other sources are not affected, and nothing of this one was half stored.

    `retryable` tells whether the same request may succeed later (a timeout, a 503) or needs a person first (a 401, a
    page of HTML where an API was expected).
    """

    exit_code = 3

    def __init__(self, message: str, remedy: str | None = None, *, retryable: bool = False) -> None:
        super().__init__(message, remedy)
        self.retryable = retryable


class Unreachable(SourceError):
    """No connection, or the connection broke before the answer was complete."""


class DeadlineExceeded(SourceError):
    """The answer was not complete within the total deadline of the call."""


class Unauthorized(SourceError):
    """401 or 403: the credentials are missing, wrong or not allowed to read this."""


class BadAnswer(SourceError):
    """The answer is not what the API promises: HTML, broken JSON, a redirect to a login."""


class Rejected(SourceError):
    """The server understood the request and refused it (400, 404, 422); its own message is in `message`."""


class TooLarge(Rejected):
    """The query asks for more than the server allows; a shorter window may pass."""


class PartialAnswer(SourceError):
    """The server itself says that its answer is incomplete (`warnings`): it must never replace good rows."""


class WarehouseBusy(MeterlineError):
    """Another process owns the warehouse."""

    exit_code = 4


class WarehouseError(MeterlineError):
    """The warehouse cannot be used: made by a newer version, damaged, or not writable."""

    exit_code = 1


class NothingPublished(MeterlineError):
    """No results have been published yet."""

    exit_code = 1
