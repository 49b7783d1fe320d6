"""Every fault of a server, acted out by a scripted one: the right error, in time, retried only where that may help."""

from __future__ import annotations

import gzip
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import certifi
import pytest

from collector.prometheus.connection import Connection
from collector.prometheus.deadline import DeadlineAdapter
from collector.prometheus.transport import Transport
from servers.prometheus import free_port
from servers.scripted import Scripted, Step, cut, hang, no_sleep, reply, scripted, trickle
from warehouse.errors import (
    BadAnswer,
    ConfigurationError,
    DeadlineExceeded,
    Rejected,
    SourceError,
    TooLarge,
    Unauthorized,
    Unreachable,
)

FINE = reply('{"status":"success"}')
BUSY = reply('{"status":"error","errorType":"unavailable","error":"warming up"}', 503)


def read(chunks: Iterator[bytes]) -> bytes:
    return b"".join(chunks)


def ask(server: Scripted, slept: list[float] | None = None, ranged: bool = False, **settings: Any) -> bytes:
    """One query that does not really sleep between attempts."""
    connection = Connection.model_validate({"url": server.url, "deadline": 5, **settings})
    transport = Transport(connection, sleep=no_sleep if slept is None else slept.append)
    try:
        return transport.query("/api/v1/query", {"query": "up"}, read, ranged=ranged)
    finally:
        transport.close()


def failed(*steps: Step, **settings: Any) -> tuple[SourceError, int]:
    """The error of one query and the number of requests that it took."""
    with scripted(*steps) as server:
        with pytest.raises(SourceError) as caught:
            ask(server, **settings)
        return caught.value, len(server.asked)


def test_posts_the_form_and_asks_for_no_compression() -> None:
    with scripted(FINE) as server:
        assert ask(server) == b'{"status":"success"}'
        (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", "/api/v1/query")
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert asked.headers["accept-encoding"] == "identity"
    assert asked.fields["query"] == "up"
    assert 4 < float(asked.fields["timeout"]) <= 5


def test_a_refused_post_becomes_a_get_for_good() -> None:
    with scripted(reply("no", 405), FINE) as server:
        transport = Transport(Connection(url=server.url))
        for _ in range(2):
            transport.query("/api/v1/query", {"query": 'up{a="b&c"}'}, read)
        transport.close()
        assert [asked.method for asked in server.asked] == ["POST", "GET", "GET"]
        assert server.asked[1].fields["query"] == 'up{a="b&c"}'


def test_a_405_for_get_too_is_an_error() -> None:
    error, count = failed(reply("no", 405))
    assert type(error) is Rejected
    assert count == 2


def test_compression_is_an_option() -> None:
    packed = reply(gzip.compress(b'{"a":1}'), headers={"Content-Encoding": "gzip"})
    with scripted(packed) as server:
        assert ask(server, compression=True) == b'{"a":1}'
        assert server.asked[0].headers["accept-encoding"] == "gzip"


def test_broken_gzip() -> None:
    error, count = failed(reply(b"this is not gzip", headers={"Content-Encoding": "gzip"}), compression=True)
    assert isinstance(error, BadAnswer)
    assert "decompressed" in error.message
    assert count == 1


@pytest.mark.parametrize(
    ("settings", "header", "value"),
    [
        ({"token": "t0ken"}, "authorization", "Bearer t0ken"),
        ({"username": "zoë", "password": "pä:ss"}, "authorization", "Basic em/Dqzpww6Q6c3M="),
        ({"headers": {"X-Scope-OrgID": "team-a"}}, "x-scope-orgid", "team-a"),
    ],
)
def test_credentials(settings: dict[str, Any], header: str, value: str) -> None:
    with scripted(FINE) as server:
        ask(server, **settings)
        assert server.asked[0].headers[header] == value


def test_a_token_file_is_read_again_for_every_request(tmp_path: Path) -> None:
    token = tmp_path / "token"
    with scripted(FINE) as server:
        transport = Transport(Connection.model_validate({"url": server.url, "token": {"file": str(token)}}))
        for text in ("one\n", "two\n"):
            token.write_text(text)
            transport.query("/api/v1/query", {"query": "up"}, read)
        transport.close()
        assert [asked.headers["authorization"] for asked in server.asked] == ["Bearer one", "Bearer two"]


def test_netrc_does_not_replace_the_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with scripted(FINE) as server:
        ask(server, token="t0ken")
        ask(server)
        assert server.asked[0].headers["authorization"] == "Bearer t0ken"
        assert "authorization" not in server.asked[1].headers


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials(status: int) -> None:
    error, count = failed(reply("who are you", status), token="hunter2-secret")
    assert isinstance(error, Unauthorized)
    assert not error.retryable
    assert "who are you" in str(error)
    assert "hunter2" not in str(error)
    assert count == 1


def test_not_found_names_the_url() -> None:
    error, _ = failed(reply("404 page not found", 404, {"Content-Type": "text/plain"}))
    assert type(error) is Rejected
    assert "/api/v1/query" in error.message
    assert error.remedy is not None
    assert "base address" in error.remedy


def test_the_servers_own_words_of_a_400() -> None:
    words = 'invalid parameter "query": 1:3: parse error'
    body = '{"status":"error","errorType":"bad_data","error":"invalid parameter \\"query\\": 1:3: parse error"}'
    error, count = failed(reply(body, 400))
    assert type(error) is Rejected
    assert words in error.message
    assert count == 1


@pytest.mark.parametrize(
    ("status", "words", "ranged"),
    [
        (422, "query processing would load too many samples into memory in query execution", False),
        (422, "anything at all", True),
        (400, "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query", False),
        (413, "Request Entity Too Large", False),
        (422, "the query exceeded the maximum number of chunks (limit: 2000000 chunks)", False),
        (422, "the query hit the max number of series limit, exceeds the limit", False),
        (503, "query timed out in expression evaluation", True),
    ],
)
def test_too_large(status: int, words: str, ranged: bool) -> None:
    body = f'{{"status":"error","errorType":"execution","error":"{words}"}}'
    error, count = failed(reply(body, status), ranged=ranged)
    assert isinstance(error, TooLarge)
    assert count == 1


def test_a_422_of_a_query_without_window_is_no_size() -> None:
    body = '{"status":"error","errorType":"execution","error":"many-to-many matching not allowed"}'
    error, _ = failed(reply(body, 422))
    assert type(error) is Rejected


def test_a_redirect_is_not_followed() -> None:
    error, count = failed(reply("", 302, {"Location": "https://login.example/start"}))
    assert isinstance(error, BadAnswer)
    assert "https://login.example/start" in error.message
    assert count == 1


def test_a_passing_503_is_tried_again() -> None:
    slept: list[float] = []
    with scripted(BUSY, BUSY, FINE) as server:
        assert ask(server, slept) == b'{"status":"success"}'
        assert len(server.asked) == 3
    assert len(slept) == 2


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_lasting_failure_ends_with_the_servers_words(status: int) -> None:
    body = '{"status":"error","errorType":"unavailable","error":"warming up"}'
    error, count = failed(reply(body, status), retries=2)
    assert isinstance(error, Unreachable)
    assert error.retryable
    assert "unavailable: warming up" in error.message
    assert count == 3


def test_retry_after_is_respected() -> None:
    slept: list[float] = []
    with scripted(reply("slow down", 429, {"Retry-After": "3"}), FINE) as server:
        ask(server, slept, deadline=60)
    assert slept == [pytest.approx(3, abs=2)]
    assert slept[0] >= 3


@pytest.mark.parametrize("value", ["soon", "-1", "Wed, 32 Foo 2026"])
def test_a_senseless_retry_after_is_ignored(value: str) -> None:
    with scripted(reply("slow down", 429, {"Retry-After": value}), FINE) as server:
        assert ask(server)


def test_a_retry_after_beyond_the_deadline_is_not_waited_for() -> None:
    slept: list[float] = []
    error, count = failed(reply("slow down", 429, {"Retry-After": "600"}), slept=slept)
    assert isinstance(error, Unreachable)
    assert count == 1
    assert slept == []


def test_a_truncated_body_is_tried_again() -> None:
    with scripted(cut(b'{"status":', 10), FINE) as server:
        assert ask(server) == b'{"status":"success"}'


def test_a_body_that_is_always_truncated() -> None:
    error, count = failed(cut(b'{"status":', 10), retries=1)
    assert isinstance(error, Unreachable)
    assert "broke off" in error.message
    assert count == 2


def test_a_connection_that_is_closed_without_an_answer() -> None:
    def close(handler: Any) -> None:
        handler.close_connection = True

    with scripted(close, FINE) as server:
        assert ask(server) == b'{"status":"success"}'


def test_connection_refused() -> None:
    transport = Transport(Connection(url=f"http://127.0.0.1:{free_port()}", retries=1), sleep=no_sleep)
    with pytest.raises(Unreachable, match="Connection refused") as caught:
        transport.query("/api/v1/query", {"query": "up"}, read)
    assert caught.value.retryable


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    "step",
    [
        hang,
        trickle(HEAD + b"X-Padding: " + b"x" * 1000, 0.02),
        trickle(HEAD + b"Content-Length: 1000\r\n\r\n" + b" " * 1000, 0.02),
        trickle(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 1000, 0.02),
        trickle(HEAD + b"Connection: close\r\n\r\n" + b" " * 1000, 0.02),
        trickle(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 1000\r\n\r\n" + b" " * 1000, 0.02),
    ],
    ids=["hang", "headers", "body", "chunks", "until-close", "refusal"],
)
def test_no_server_outlives_the_deadline(step: Step) -> None:
    with scripted(step) as server:
        start = time.monotonic()
        with pytest.raises(DeadlineExceeded, match=r"within 0\.5 s"):
            ask(server, deadline=0.5)
        assert 0.4 < time.monotonic() - start < 2.0
        assert len(server.asked) == 1


def test_attempts_share_one_deadline() -> None:
    moments = iter(range(0, 10_000, 3))  # every look at the clock is 3 s later than the one before
    with scripted(BUSY) as server:
        transport = Transport(
            Connection(url=server.url, deadline=30, retries=1000), clock=lambda: next(moments), sleep=no_sleep
        )
        with pytest.raises(SourceError):
            transport.query("/api/v1/query", {"query": "up"}, read)
        assert len(server.asked) < 10


def test_an_answer_above_the_limit() -> None:
    with scripted(reply(b" " * 200_000)) as server:
        transport = Transport(Connection(url=server.url), max_answer_bytes=100_000)
        with pytest.raises(TooLarge, match="100,000 bytes"):
            transport.query("/api/v1/query", {"query": "up"}, read)


def test_the_connection_is_kept_and_still_guarded() -> None:
    with scripted(FINE, hang) as server:
        transport = Transport(Connection(url=server.url, deadline=0.5))
        transport.query("/api/v1/query", {"query": "up"}, read)
        start = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            transport.query("/api/v1/query", {"query": "up"}, read)
        assert time.monotonic() - start < 2.0


def test_the_library_keeps_our_session_and_our_adapter() -> None:
    """The private names of prometheus-api-client that we stand on, and the adapter that it would put in our place."""
    transport = Transport(Connection(url="http://prometheus.example:9090/prefix"))
    assert transport._prometheus._session is transport._session
    adapter = transport._session.get_adapter("http://prometheus.example:9090/prefix/api/v1/query")
    assert isinstance(adapter, DeadlineAdapter)
    assert adapter.max_retries.total == 0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1 and its key."""
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    return folder / "cert.pem", folder / "key.pem"


def test_tls_needs_the_ca_file(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with scripted(FINE, tls=context) as server:
        with pytest.raises(Unreachable, match="ca_file") as caught:
            ask(server, retries=0)
        assert not caught.value.retryable
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", certifi.where())  # must not win over ca_file
        assert ask(server, ca_file=certificate[0]) == b'{"status":"success"}'
        with pytest.warns(Warning, match="Unverified"):
            assert ask(server, insecure_skip_verify=True) == b'{"status":"success"}'
        server.steps = [hang]
        with pytest.raises(DeadlineExceeded):
            ask(server, ca_file=certificate[0], deadline=0.5)


def test_a_missing_ca_file_is_the_users_to_fix(tmp_path: Path) -> None:
    transport = Transport(Connection(url="https://127.0.0.1:1", ca_file=tmp_path / "none.pem", retries=0))
    with pytest.raises(ConfigurationError, match=r"none\.pem"):
        transport.query("/api/v1/query", {"query": "up"}, read)
