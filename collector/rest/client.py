"""JSON over HTTP from one API: sent, retried, bounded in time, and its failures named.

The deadline of a call covers everything, connecting, headers, body, pauses and retries, whatever the server does: the
timeouts of HTTP libraries are per read, so a server that sends one byte a second never runs into them. Therefore the
exchange runs in an event loop of its own, where one timeout can end it at any point; outside, the client is ordinary
blocking code. It does not page (see `pagers`) and knows no API.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
import orjson
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception
from tenacity.wait import wait_random_exponential

from collector.rest import failure
from collector.rest.connection import RestConnection
from collector.secret import Secret
from warehouse.errors import BadAnswer, ConfigurationError, SourceError, TooLarge

CONNECT_SECONDS = 10.0
MAX_ANSWER_BYTES = 64 << 20
BACKOFF = wait_random_exponential(multiplier=0.5, max=10)

Parameters = Mapping[str, str | int]
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Answer:
    """The JSON of a successful answer, and the addresses of its Link header by relation (`next`, ...)."""

    body: Any
    links: Mapping[str, str] = field(default_factory=dict)


def bearer(secret: Secret) -> Callable[[], str]:
    """An `authorization` for RestClient: the token as it is at that moment, so that a rotated one is picked up."""
    return lambda: f"Bearer {secret.read()}"


class RestClient:
    """Calls to one API, from one thread at a time; use it as a context manager or `close` it.

    `authorization` gives the Authorization header of each attempt, or None for no header. `sleep` and `now` (aware UTC,
    for a Retry-After that is a date) exist for tests.
    """

    def __init__(
        self,
        connection: RestConnection,
        authorization: Callable[[], str | None] = lambda: None,
        *,
        sleep: Sleep = asyncio.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        self.url = connection.url
        self._connection = connection
        self._authorization = authorization
        self._sleep = sleep
        self._now = now
        self._max_answer_bytes = max_answer_bytes
        self._client = httpx.AsyncClient(
            verify=_trust(connection),
            timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),  # the deadline bounds the rest
            follow_redirects=False,  # a redirect of an API is a login page or a wrong url
        )
        self._runner = asyncio.Runner()

    def close(self) -> None:
        """Close the connections."""
        self._runner.run(self._client.aclose())
        self._runner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def get(self, path: str, parameters: Parameters | None = None) -> Answer:
        """The answer to a GET of `path` below the url, or of a whole address on the same server (a Link header's).

        Raises the errors of `failure`, and BadAnswer for an address on another server, which must not see our token.
        """
        return self._call("GET", self._address(path), parameters, None)

    def post(self, path: str, body: Any) -> Answer:
        """The answer to a POST of a question (a login, a search): it is retried, so it must change nothing."""
        return self._call("POST", self._address(path), None, body)

    def _address(self, path: str) -> str:
        if not path.startswith(("http://", "https://")):
            return self.url + path
        if urlsplit(path)[:2] != urlsplit(self.url)[:2]:
            raise BadAnswer(
                f"{self.url} refers to another server ({path})", "set the url to the address it calls itself"
            )
        return path

    def _call(self, method: str, url: str, parameters: Parameters | None, body: Any) -> Answer:
        return self._runner.run(self._attempts(method, url, parameters, body))

    async def _attempts(self, method: str, url: str, parameters: Parameters | None, body: Any) -> Answer:
        call = _Call(asyncio.get_running_loop().time() + self._connection.deadline, self._connection.retries)
        retrying = AsyncRetrying(
            retry=retry_if_exception(lambda error: isinstance(error, SourceError) and error.retryable),
            wait=call.wait,
            stop=call.stop,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            async with asyncio.timeout_at(call.end):
                return await retrying(self._send, call, method, url, parameters, body)
        except TimeoutError:
            raise failure.of_deadline(url, self._connection.deadline, call.failed) from None

    async def _send(self, call: _Call, method: str, url: str, parameters: Parameters | None, body: Any) -> Answer:
        call.retry_after = 0.0
        try:
            request = self._client.build_request(
                method, url, params=dict(parameters) if parameters else None, json=body, headers=self._headers()
            )
            response = await self._client.send(request, stream=True)
            try:
                content = await self._read(response, url)
            finally:
                await response.aclose()
            if not response.is_success:
                call.retry_after = _retry_after(response, self._now())
                raise failure.of_status(url, response.status_code, response.headers.get("Location"), content)
            return Answer(_json(url, content), _links(response))
        except SourceError as error:
            call.failed = error
            raise
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            named = failure.of_exception(url, error)
            call.failed = named if isinstance(named, SourceError) else None
            raise named from error

    def _headers(self) -> dict[str, str]:
        value = self._authorization()
        if value is not None and not (value.isascii() and value.isprintable()):
            raise ConfigurationError(
                "the credentials have characters that no HTTP header can carry (a line break?)",
                "write the token alone into its variable or file",
            )
        return {"Accept": "application/json", **({} if value is None else {"Authorization": value})}

    async def _read(self, response: httpx.Response, url: str) -> bytes:
        chunks, size = [], 0
        async for chunk in response.aiter_bytes():
            size += len(chunk)
            if size > self._max_answer_bytes:
                raise TooLarge(f"{url} answered with more than {self._max_answer_bytes:,} bytes")
            chunks.append(chunk)
        return b"".join(chunks)


class _Call:
    """What the attempts of one call share; `end` is in seconds of the loop's clock."""

    def __init__(self, end: float, retries: int) -> None:
        self.end = end
        self.retries = retries
        self.retry_after = 0.0
        self.failed: SourceError | None = None

    def wait(self, state: RetryCallState) -> float:
        return max(BACKOFF(state), self.retry_after)

    def stop(self, state: RetryCallState) -> bool:
        """No retry is left, or the pause before it would outlast the deadline: the failure at hand is better news."""
        late = asyncio.get_running_loop().time() + state.upcoming_sleep >= self.end
        return late or state.attempt_number > self.retries


def _trust(connection: RestConnection) -> ssl.SSLContext | bool:
    if connection.ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=str(connection.ca_file))
    except OSError as error:  # ssl.SSLError is one
        raise ConfigurationError(
            f"ca_file {connection.ca_file} cannot be read ({error})", "give a file with PEM certificates"
        ) from error


def _json(url: str, content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except ValueError:
        raise failure.not_json(url, content) from None


def _links(response: httpx.Response) -> dict[str, str]:
    return {link["rel"]: link["url"] for link in response.links.values() if "rel" in link}


def _retry_after(response: httpx.Response, now: datetime) -> float:
    """Seconds that the server asks to wait, given as a number or as a date; 0 when it does not ask."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return max((moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds(), 0.0)
