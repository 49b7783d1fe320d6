"""What a failed HTTP exchange with a Prometheus-compatible server means, and what to do about it.

One place decides which failures pass by themselves (`retryable`), which need a person, and which a shorter window may
avoid (`TooLarge`). It reads statuses, exceptions and the server's own words; it sends nothing.
"""

from __future__ import annotations

import re
from http import HTTPStatus

import requests
from urllib3 import exceptions as urllib3_exceptions

from collector.prometheus.envelope import excerpt, refusal
from warehouse.errors import (
    BadAnswer,
    ConfigurationError,
    DeadlineExceeded,
    MeterlineError,
    Rejected,
    SourceError,
    TooLarge,
    Unauthorized,
    Unreachable,
)

PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})

TOO_LARGE = re.compile(
    r"too many (samples|points|series|chunks|bytes)|maximum resolution|max[-_ ]?samples|maxPointsPerTimeseries"
    r"|response (size|body)|-search\.max|exceed\w* (the )?(\w+ ){0,4}(limit|maximum)|query timed out"
    r"|the query time range",
    re.IGNORECASE,
)
"""How Prometheus, Thanos, Mimir and VictoriaMetrics say that a query asks for too much."""

SMALLER = "ask for a shorter window, or raise the server's limit (Prometheus: --query.max-samples)"


def of_status(url: str, status: int, location: str | None, body: bytes, *, ranged: bool) -> SourceError:
    """The error for an answer that is not 200. `ranged` says that a query's size depends on its window."""
    words = refusal(body) or excerpt(body)
    answered = f"{url} answered {status} {_phrase(status)}"
    if 300 <= status < 400:
        return BadAnswer(
            f"{answered} to {location}",
            "set the url to where the API itself is, and give credentials if that is a login page",
        )
    if status in (401, 403):
        return Unauthorized(f"{answered} ({words})", "check the token, or username and password, of this source")
    if status == 404:
        return Rejected(
            f"{answered} ({words})", "check the url: the base address without /api/v1, but with any path before it"
        )
    if status == 413 or (status == 422 and ranged) or (status in (400, 422, 500, 503) and TOO_LARGE.search(words)):
        return TooLarge(f"{answered} ({words})", SMALLER)
    if status in PASSING:
        return Unreachable(f"{answered} ({words})", "the server is busy or down: try again later", retryable=True)
    return Rejected(f"{answered} ({words})")


def of_exception(url: str, error: Exception) -> MeterlineError:
    """The error for an exception of requests or urllib3, or for an unreadable certificate file (OSError)."""
    text = _innermost(error)
    if isinstance(error, requests.exceptions.SSLError | urllib3_exceptions.SSLError):
        return Unreachable(
            f"no trusted connection to {url} ({text})", "set ca_file, or cert_file and key_file, of this source"
        )
    if isinstance(error, requests.exceptions.ContentDecodingError | urllib3_exceptions.DecodeError):
        return BadAnswer(f"{url} sent a body that cannot be decompressed ({text})", "set compression: false")
    if isinstance(error, requests.exceptions.ProxyError):
        return Unreachable(f"the proxy for {url} failed ({text})", "check HTTPS_PROXY and NO_PROXY", retryable=True)
    if isinstance(error, urllib3_exceptions.ProtocolError):
        return Unreachable(f"{url} broke off in the middle of its answer ({text})", "try again later", retryable=True)
    if isinstance(error, requests.ConnectionError | requests.Timeout | urllib3_exceptions.HTTPError):
        return Unreachable(
            f"no connection to {url} ({text})", "check that the server runs and the url is right", retryable=True
        )
    if isinstance(error, requests.RequestException):
        return ConfigurationError(f"{url} cannot be asked ({text})", "check the url of this source")
    return ConfigurationError(f"{url} cannot be asked ({text})", "check ca_file, cert_file and key_file of this source")


def of_deadline(url: str, seconds: float) -> DeadlineExceeded:
    """The error for a call that took longer than it may."""
    return DeadlineExceeded(
        f"{url} did not answer in full within {seconds:g} s",
        "raise deadline, or collect shorter windows",
        retryable=True,
    )


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _innermost(error: BaseException) -> str:
    """The shortest honest cause: libraries wrap `Connection refused` four times over."""
    while True:
        inner = getattr(error, "reason", None) or next((a for a in error.args if isinstance(a, BaseException)), None)
        if not isinstance(inner, BaseException):
            words = " ".join(str(error).split())
            # urllib3 puts the object itself before its message: "HTTPConnection(host=..., port=...): Failed to ..."
            return re.sub(r"^\w*Connection\(.*?\): ", "", words)[:200] or type(error).__name__
        error = inner
