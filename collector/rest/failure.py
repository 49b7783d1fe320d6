"""What a failed exchange with a REST API means, and what to do about it.

One place decides which failures pass by themselves (`retryable`) and which need a person. It reads statuses, exceptions
and the server's own words in the forms that are common (`detail`, `message`, `error`); it sends nothing.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import httpx
import orjson

from warehouse.errors import (
    BadAnswer,
    ConfigurationError,
    DeadlineExceeded,
    MeterlineError,
    Rejected,
    SourceError,
    Unauthorized,
    Unreachable,
)

EXCERPT = 200
WORDS = ("detail", "message", "msg", "error_description", "error", "title", "errors", "errorMessages")


class NotFound(Rejected):
    """404: the path is wrong, or what it named is gone."""


def of_status(url: str, status: int, location: str | None, body: bytes) -> SourceError:
    """The error for an answer whose status is not 2xx."""
    answered = f"{url} answered {status} {_phrase(status)}"
    if 300 <= status < 400:
        return BadAnswer(
            f"{answered} to {location}",
            "set the url to where the API itself is, and give credentials if that is a login page",
        )
    answered = f"{answered} ({refusal(body) or excerpt(body)})"
    if status in (401, 403):
        return Unauthorized(answered, "check the credentials of this source and what they may read")
    if status == 404:
        return NotFound(answered, "check the url: the base address, without the API's own path")
    if status == 429:
        return Unreachable(answered, "the server asks to come less often: raise `every`", retryable=True)
    if status in (408, 425) or status >= 500:
        return Unreachable(answered, "the server is busy or down: try again later", retryable=True)
    return Rejected(answered)


def of_exception(url: str, error: Exception) -> MeterlineError:
    """The error for an exception of httpx, or for an unreadable certificate file (OSError)."""
    text = _innermost(error)
    if isinstance(error, httpx.DecodingError):
        return BadAnswer(f"{url} sent a body that cannot be decompressed ({text})", retryable=True)
    if isinstance(error, httpx.RemoteProtocolError):
        return Unreachable(f"{url} broke off in the middle of its answer ({text})", "try again later", retryable=True)
    if isinstance(error, httpx.ProxyError):
        return Unreachable(f"the proxy for {url} failed ({text})", "check HTTPS_PROXY and NO_PROXY", retryable=True)
    if isinstance(error, httpx.ConnectError) and _untrusted(error):
        return Unreachable(f"no trusted connection to {url} ({text})", "set ca_file of this source")
    if isinstance(error, httpx.TransportError):
        return Unreachable(
            f"no connection to {url} ({text})", "check that the server runs and the url is right", retryable=True
        )
    return ConfigurationError(f"{url} cannot be asked ({text})", "check the url and ca_file of this source")


def of_deadline(url: str, seconds: float, last: SourceError | None) -> DeadlineExceeded:
    """The error for a call that took longer than it may; `last` is how its last complete attempt failed."""
    before = f"; before that, {last.message}" if last else ""
    return DeadlineExceeded(
        f"{url} did not answer in full within {seconds:g} s{before}", "raise `deadline` of this source", retryable=True
    )


def not_json(url: str, body: bytes) -> BadAnswer:
    """The error for a body of a successful answer that is not JSON."""
    start = body[:1024].lstrip()
    if start.startswith((b"{", b"[")):
        return BadAnswer(f"the answer of {url} ends in the middle or is broken", "try again", retryable=True)
    if start.startswith(b"<"):
        return BadAnswer(
            f"{url} answered with a web page where JSON was expected ({excerpt(body)})",
            "check the url, and that no login page stands in front of it",
        )
    return BadAnswer(f"{url} answered with something that is not JSON ({excerpt(body)})", "check the url")


def refusal(body: bytes) -> str | None:
    """The server's own words in the JSON of an error answer, on one line, or None when there are none."""
    try:
        answer = orjson.loads(body)
    except ValueError:
        return None
    return "; ".join(dict.fromkeys(_words(answer)))[: 2 * EXCERPT] or None


def _words(answer: Any) -> Iterator[str]:
    if isinstance(answer, str):
        yield " ".join(answer.split())
    elif isinstance(answer, list):
        for one in answer:
            yield from _words(one)
    elif isinstance(answer, dict):
        where = ".".join(map(str, answer.get("loc", ())))  # which parameter, as pydantic's servers say it
        for key in WORDS:
            for text in _words(answer.get(key)):
                yield f"{where}: {text}" if where else text


def excerpt(body: bytes) -> str:
    """The beginning of a body on one line, for a message."""
    text = " ".join(body[: 4 * EXCERPT].decode(errors="replace").split())
    return repr(text[:EXCERPT]) if text else "an empty body"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _untrusted(error: Exception) -> bool:
    return any(isinstance(one, ssl.SSLError) for one in _causes(error))


def _innermost(error: Exception) -> str:
    """The shortest honest cause: httpx says only `All connection attempts failed`."""
    told = [text for one in _causes(error) if (text := " ".join(str(one).split()))]
    return told[-1][:EXCERPT] if told else type(error).__name__
