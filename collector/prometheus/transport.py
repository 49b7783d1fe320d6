"""One request to a Prometheus-compatible server: sent, retried, bounded in time, and its failures named.

`prometheus_api_client` owns the session, the credentials and TLS; the exchange itself is ours, because the library
buffers whole answers, drops `warnings`, lets a retry run past any timeout and tells failures apart only by their text.
Promises: a call is over by its deadline, whatever the server does; only failures that pass by themselves are tried
again; `read` never sees bytes of two attempts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

import requests
from prometheus_api_client import PrometheusConnect
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, stop_any
from tenacity.stop import stop_base
from tenacity.wait import wait_random_exponential
from urllib3 import Retry
from urllib3.exceptions import HTTPError, InvalidHeader

from collector.prometheus import failure
from collector.prometheus.connection import Connection
from collector.prometheus.deadline import Deadline, DeadlineAdapter
from collector.prometheus.session import Credentials, open_session
from warehouse.errors import PartialAnswer, SourceError, TooLarge

T = TypeVar("T")

CONNECT_SECONDS = 10.0
CHUNK_BYTES = 1 << 16
MAX_REFUSAL_BYTES = 1 << 16
MAX_ANSWER_BYTES = 512 << 20

BACKOFF = wait_random_exponential(multiplier=0.5, max=10)


class Transport:
    """Calls to one server, from any number of threads; `close` it when done.

    `clock` (seconds, monotonic) and `sleep` exist for tests. `max_answer_bytes` bounds one decoded answer.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        self.url = connection.url
        self._connection = connection
        self._clock = clock
        self._sleep = sleep
        self._max_answer_bytes = max_answer_bytes
        self._method = "POST"
        self._session = open_session(connection)
        self._prometheus = PrometheusConnect(
            url=connection.url,
            auth=Credentials(connection),
            session=self._session,
            retry=Retry(0, read=False),
        )
        # The constructor mounts an adapter of its own on the url, so ours can only be mounted after it.
        self._session.mount(connection.url, DeadlineAdapter())

    def close(self) -> None:
        """Close the connections."""
        self._prometheus.close()

    def query(
        self, path: str, form: Mapping[str, str], read: Callable[[Iterator[bytes]], T], *, ranged: bool = False
    ) -> T:
        """What `read` makes of the body of a successful answer to `form`, POSTed to `path` (GET where POST is refused).

        `ranged`: the size of the answer depends on a window in the query, so a 422 may mean that it is too long.
        Raises the errors of `failure`, and those of `read`.
        """
        return self._attempts(lambda call: self._send(call, self._method, path, form, read, ranged))

    def get(self, path: str, read: Callable[[Iterator[bytes]], T]) -> T:
        """What `read` makes of the body of a successful answer to a GET. Raises as `query`."""
        return self._attempts(lambda call: self._send(call, "GET", path, {}, read, False))

    def _attempts(self, attempt: Callable[[_Call], T]) -> T:
        call = _Call(Deadline(self._connection.deadline, self._clock))
        retrying = Retrying(
            retry=retry_if_exception(_passing),
            wait=call.wait,
            stop=stop_any(stop_after_attempt(self._connection.retries + 1), _NoTimeLeft(call.deadline)),
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(attempt, call)

    def _send(
        self,
        call: _Call,
        method: str,
        path: str,
        form: Mapping[str, str],
        read: Callable[[Iterator[bytes]], T],
        ranged: bool,
    ) -> T:
        url = self.url + path
        call.retry_after = None
        remaining = call.deadline.remaining()
        if not remaining:
            raise failure.of_deadline(url, call.deadline.seconds)
        fields = {**form, "timeout": f"{remaining:.3f}"} if form else {}  # the server need not work longer than we wait
        try:
            with (
                call.deadline.enforced(),
                self._session.request(
                    method,
                    url,
                    data=fields if method == "POST" else None,
                    params=fields if method == "GET" else None,
                    headers={name: secret.read() for name, secret in self._connection.headers.items()},
                    auth=self._prometheus.auth,
                    verify=self._session.verify,  # else REQUESTS_CA_BUNDLE would win over ca_file
                    timeout=(min(CONNECT_SECONDS, remaining), remaining),
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                if response.status_code == 200:
                    return read(self._chunks(response, url, call.deadline, None))
                if response.status_code != 405 or method == "GET":
                    call.retry_after = _retry_after(response)
                    body = b"".join(self._chunks(response, url, call.deadline, MAX_REFUSAL_BYTES))
                    location = response.headers.get("Location")
                    raise failure.of_status(url, response.status_code, location, body, ranged=ranged)
        except SourceError as error:
            if not call.deadline.remaining() and error.retryable:  # a socket that we shut looks like a cut answer
                raise failure.of_deadline(url, call.deadline.seconds) from error
            raise
        except (requests.RequestException, HTTPError, OSError) as error:
            if not call.deadline.remaining():
                raise failure.of_deadline(url, call.deadline.seconds) from error
            raise failure.of_exception(url, error) from error
        self._method = "GET"  # POST is refused, now and later
        return self._send(call, "GET", path, form, read, ranged)

    def _chunks(self, response: requests.Response, url: str, deadline: Deadline, enough: int | None) -> Iterator[bytes]:
        """The decoded body as it arrives; ends after `enough` bytes where that is given."""
        size = 0
        while chunk := response.raw.read1(CHUNK_BYTES, decode_content=True):
            if not deadline.remaining():
                raise failure.of_deadline(url, deadline.seconds)
            size += len(chunk)
            if size > self._max_answer_bytes:
                raise TooLarge(f"{url} answered with more than {self._max_answer_bytes:,} bytes", failure.SMALLER)
            yield chunk
            if enough is not None and size >= enough:
                return
        if not deadline.remaining():
            raise failure.of_deadline(url, deadline.seconds)


class _Call:
    """What the attempts of one call share."""

    def __init__(self, deadline: Deadline) -> None:
        self.deadline = deadline
        self.retry_after: float | None = None

    def wait(self, state: RetryCallState) -> float:
        return max(BACKOFF(state), self.retry_after or 0.0)


class _NoTimeLeft(stop_base):
    """The pause before the next attempt would outlast the deadline."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline

    def __call__(self, state: RetryCallState) -> bool:
        return state.upcoming_sleep >= self._deadline.remaining()


def _passing(error: BaseException) -> bool:
    return isinstance(error, SourceError) and error.retryable and not isinstance(error, PartialAnswer)


def _retry_after(response: requests.Response) -> float | None:
    try:
        return Retry(0).get_retry_after(response.raw)
    except InvalidHeader:
        return None
