"""One POST against a real loopback server: every way in which it can end, and how long it may take."""

from __future__ import annotations

import logging
import socket
import time
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from alerts.delivery.exchange import Exchange
from alerts.delivery.result import NOT_SENT, Result
from alerts.routing.http_settings import HttpSettings, TlsSettings
from servers.sink import Behaviour, Sink

QUICK = timedelta(milliseconds=300)
SECRET_PATH = "/services/T000/B000/verysecret"


def post(url: str, settings: HttpSettings | None = None, deadline: timedelta = timedelta(seconds=5)) -> Result:
    exchange = Exchange(settings, deadline)
    try:
        return exchange.post(url, b"{}")
    finally:
        exchange.close()


def test_what_is_taken_is_sent_and_the_address_is_logged_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    with Sink() as sink, caplog.at_level(logging.DEBUG):
        assert post(sink.url + SECRET_PATH) == Result("sent", 200, "ok")
        assert sink.received[0].headers["content-type"] == "application/json"
    assert "verysecret" not in caplog.text


@pytest.mark.parametrize("kind", ["hang", "drip"])
def test_the_deadline_bounds_all_of_it_and_the_result_is_doubtful(kind: str) -> None:
    with Sink() as sink:
        sink.behave(Behaviour(kind, pause=0.1))  # type: ignore[arg-type]
        began = time.monotonic()
        result = post(sink.url + SECRET_PATH, deadline=QUICK)
        assert time.monotonic() - began < 2
    assert (result.outcome, result.status) == ("failed", None)
    assert not result.answer.startswith(NOT_SENT)
    assert "within 0.3 s" in result.answer
    assert "verysecret" not in result.answer


def test_a_connection_that_is_cut_after_the_request_may_have_arrived() -> None:
    with Sink() as sink:
        sink.behave(Behaviour("cut"))
        result = post(sink.url)
    assert result.outcome == "failed"
    assert not result.answer.startswith(NOT_SENT)


def test_a_refused_connection_certainly_did_not_arrive() -> None:
    with socket.socket() as held:  # nobody listens, and nobody else gets the port
        held.bind(("127.0.0.1", 0))
        result = post(f"http://127.0.0.1:{held.getsockname()[1]}{SECRET_PATH}")
    assert result.answer.startswith(f"{NOT_SENT}127.0.0.1:")
    assert "verysecret" not in result.answer


def test_a_success_whose_rest_never_comes_is_a_success() -> None:
    with Sink() as sink:
        sink.behave(Behaviour(headers={"Content-Length": "1000"}))
        assert post(sink.url, deadline=2 * QUICK).outcome == "sent"


def test_redirects_are_not_followed() -> None:
    with Sink() as sink:
        sink.behave(Behaviour(status=307, headers={"Location": f"{sink.url}/elsewhere"}))
        assert post(sink.url).outcome == "dead"
        assert len(sink.received) == 1


def test_credentials_are_read_at_each_request_and_masked(tmp_path: Path) -> None:
    token = tmp_path / "token"
    settings = HttpSettings(authorization_type="Bearer", credentials_file=token)
    with Sink() as sink:
        missing = post(sink.url, settings)
        token.write_text("first-token")
        sink.behave(Behaviour(status=403, body="bad Bearer first-token"))
        refused = post(sink.url, settings)
        assert [one.headers["authorization"] for one in sink.received] == ["Bearer first-token"]
    assert (missing.outcome, "cannot be read" in missing.answer) == ("failed", True)
    assert refused == Result("dead", 403, "bad ***")


def test_basic_auth() -> None:
    with Sink() as sink:
        post(sink.url, HttpSettings(username="u", password=SecretStr("p")))
        assert sink.received[0].headers["authorization"] == "Basic dTpw"


@pytest.mark.parametrize("url", ["no url at all", "http://[::1", "ftp://x/y", "http://a\nb/"])
def test_an_address_that_is_none_is_a_failure_and_no_crash(url: str) -> None:
    assert post(url).outcome == "failed"


def test_a_missing_authority_file_is_a_failure(tmp_path: Path) -> None:
    settings = HttpSettings(tls_config=TlsSettings(ca_file=tmp_path / "ca.pem"))
    assert "tls_config" in post("https://127.0.0.1:1/", settings).answer
