"""The client against a scripted server: retries, the deadline, Retry-After, and a name for every failure."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collector.rest.client import RestClient, bearer
from collector.rest.connection import RestConnection
from collector.rest.failure import NotFound
from collector.secret import Secret
from servers.scripted import Step, cut, hang, reply, scripted, trickle
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

GOOD = reply('{"rows": []}')


class Pauses(list[float]):
    """Stands in for sleeping and keeps how long it would have been."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


def client(url: str, pauses: Pauses | None = None, **settings: Any) -> RestClient:
    connection = RestConnection.model_validate({"url": url, "deadline": 20.0, **settings})
    return RestClient(connection, sleep=Pauses() if pauses is None else pauses)


def failure(*steps: Step, **settings: Any) -> SourceError:
    with (
        scripted(*steps) as server,
        client(server.url, **settings) as api,
        pytest.raises(SourceError) as caught,
    ):
        api.get("/things")
    return caught.value


def test_get_sends_its_parameters_below_the_path_of_the_url() -> None:
    with scripted(GOOD) as server, client(f"{server.url}/behind/proxy/") as api:
        assert api.get("/api/things", {"limit": 5, "since": "2026-01-01T00:00:00+00:00"}).body == {"rows": []}
        asked = server.asked[0]
    assert (asked.method, asked.path) == ("GET", "/behind/proxy/api/things")
    assert asked.fields == {"limit": "5", "since": "2026-01-01T00:00:00+00:00"}


def test_the_token_is_read_for_every_attempt(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("old\n")

    def rotate(handler: Any) -> None:
        file.write_text("new\n")
        reply("{}", 503)(handler)

    with scripted(rotate, GOOD) as server:
        connection = RestConnection(url=server.url)
        with RestClient(connection, bearer(Secret(file=file)), sleep=Pauses()) as api:
            api.get("/things")
        assert [asked.headers["authorization"] for asked in server.asked] == ["Bearer old", "Bearer new"]


def test_a_token_with_a_line_break_is_a_mistake_of_the_configuration() -> None:
    with (
        RestClient(RestConnection(url="http://127.0.0.1:1"), lambda: "Bearer a\nb") as api,
        pytest.raises(ConfigurationError, match="no HTTP header can carry"),
    ):
        api.get("/things")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_passing_failure_is_tried_again(status: int) -> None:
    pauses = Pauses()
    with scripted(reply("{}", status), GOOD) as server, client(server.url, pauses) as api:
        assert api.get("/things").body == {"rows": []}
        assert len(server.asked) == 2
    assert len(pauses) == 1


def test_an_answer_that_is_cut_off_is_tried_again() -> None:
    with scripted(cut(b'{"rows": [', 50), GOOD) as server, client(server.url) as api:
        assert api.get("/things").body == {"rows": []}


def test_retries_end() -> None:
    with scripted(reply('{"message": "down for repair"}', 503)) as server:
        with client(server.url, retries=2) as api, pytest.raises(Unreachable, match=r"503.*down for repair") as caught:
            api.get("/things")
        assert len(server.asked) == 3
    assert caught.value.retryable


def test_retry_after_in_seconds_is_waited_for() -> None:
    pauses = Pauses()
    with scripted(reply("{}", 429, {"Retry-After": "12"}), GOOD) as server, client(server.url, pauses) as api:
        api.get("/things")
    assert pauses == [12.0]


def test_retry_after_as_a_date_is_waited_for() -> None:
    pauses = Pauses()
    busy = reply("{}", 503, {"Retry-After": "Tue, 24 Nov 2026 08:00:14 GMT"})
    with scripted(busy, GOOD) as server:
        connection = RestConnection(url=server.url, deadline=20.0)
        now = datetime(2026, 11, 24, 8, 0, 0, tzinfo=UTC)
        with RestClient(connection, sleep=pauses, now=lambda: now) as api:
            api.get("/things")
    assert pauses == [14.0]


@pytest.mark.parametrize("text", ["soon", "-5", "Tue, 24 Nov 2000 08:00:14 GMT", ""])
def test_a_useless_retry_after_changes_nothing(text: str) -> None:
    pauses = Pauses()
    with scripted(reply("{}", 503, {"Retry-After": text}), GOOD) as server, client(server.url, pauses) as api:
        api.get("/things")
    assert len(pauses) == 1
    assert pauses[0] <= 10


def test_a_pause_that_outlasts_the_deadline_is_not_begun() -> None:
    error = failure(reply('{"detail": "quota used up"}', 429, {"Retry-After": "3600"}))
    assert isinstance(error, Unreachable)
    assert "429" in error.message
    assert "quota used up" in error.message


@pytest.mark.parametrize(
    "step",
    [
        hang,
        trickle(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Slow: " + b"x" * 1000, 0.02),
        trickle(b'HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n{"rows": [' + b" " * 4000, 0.02),
    ],
    ids=["silence", "slow headers", "slow body"],
)
def test_no_server_can_stretch_the_deadline(step: Step) -> None:
    began = time.monotonic()
    error = failure(step, deadline=0.4)
    assert isinstance(error, DeadlineExceeded)
    assert error.retryable
    assert time.monotonic() - began < 5


def test_the_deadline_covers_all_attempts_and_names_the_last_failure() -> None:
    error = failure(reply("{}", 502), hang, deadline=0.6)
    assert isinstance(error, DeadlineExceeded)
    assert "502 Bad Gateway" in error.message


@pytest.mark.parametrize(
    ("step", "kind", "words"),
    [
        (reply('{"detail": "Not authenticated"}', 401), Unauthorized, "Not authenticated"),
        (reply('{"detail": "Invalid JWT token"}', 403), Unauthorized, "Invalid JWT token"),
        (reply('{"detail": "The Dag with ID: `nope` was not found"}', 404), NotFound, "nope"),
        (
            reply('{"detail": [{"loc": ["query", "limit"], "msg": "Input should be a valid integer"}]}', 422),
            Rejected,
            "query.limit: Input should be a valid integer",
        ),
        (reply('{"errors": [{"message": "bad jql"}], "errorMessages": ["no field"]}', 400), Rejected, "bad jql; no f"),
        (reply("<html><body>Sign in</body></html>"), BadAnswer, "web page"),
        (reply("", 302, {"Location": "https://login.example/"}), BadAnswer, "302 Found to https://login.example/"),
        (reply("hello"), BadAnswer, "not JSON ('hello')"),
        (reply(""), BadAnswer, "an empty body"),
        (reply('{"rows": [1, 2'), BadAnswer, "ends in the middle"),
        (reply("not gzip at all", headers={"Content-Encoding": "gzip"}), BadAnswer, "cannot be decompressed"),
    ],
)
def test_a_failure_has_a_name_and_the_servers_words(step: Step, kind: type[SourceError], words: str) -> None:
    error = failure(step, retries=0)
    assert type(error) is kind
    assert words in error.message


def test_what_needs_a_person_is_asked_for_once() -> None:
    with scripted(reply("{}", 403)) as server, client(server.url) as api:
        with pytest.raises(Unauthorized) as caught:
            api.get("/things")
        assert len(server.asked) == 1
    assert not caught.value.retryable


def test_a_server_that_does_not_run_is_named() -> None:
    with scripted(GOOD) as server:
        gone = server.url
    with client(gone, retries=1) as api, pytest.raises(Unreachable, match=rf"no connection to {gone}/things"):
        api.get("/things")


def test_an_answer_without_end_is_refused() -> None:
    with scripted(reply('["' + "x" * 5000 + '"]')) as server:
        connection = RestConnection(url=server.url)
        with RestClient(connection, max_answer_bytes=1000) as api, pytest.raises(TooLarge, match="1,000 bytes"):
            api.get("/things")


def test_the_token_never_goes_to_another_server() -> None:
    with scripted(GOOD) as server, scripted(GOOD) as other, client(server.url) as api:
        assert api.get(f"{server.url}/page2").body == {"rows": []}
        with pytest.raises(BadAnswer, match="another server"):
            api.get(f"{other.url}/page2")
        assert other.asked == []


def test_links_are_read_by_their_relation() -> None:
    header = '<http://a/?page=2>; rel="next", <http://a/?page=9>; rel="last"'
    with scripted(reply("[]", headers={"Link": header})) as server, client(server.url) as api:
        assert api.get("/things").links == {"next": "http://a/?page=2", "last": "http://a/?page=9"}


def test_a_ca_file_that_is_none_is_a_mistake_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(ConfigurationError, match="ca_file"):
        client("https://127.0.0.1:1", ca_file=tmp_path / "ca.pem")


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://a", "http://user:secret@a", "http://a/?x=1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"expected|credentials"):
        RestConnection(url=url)
