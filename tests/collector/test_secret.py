"""Secrets are found when used, and never shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from collector.prometheus.connection import Connection
from collector.secret import Secret
from warehouse.errors import ConfigurationError


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = Secret.model_validate({"env": "METERLINE_TEST_TOKEN"})
    monkeypatch.delenv("METERLINE_TEST_TOKEN", raising=False)
    with pytest.raises(ConfigurationError, match="METERLINE_TEST_TOKEN is not set"):
        secret.read()
    monkeypatch.setenv("METERLINE_TEST_TOKEN", "abc")
    assert secret.read() == "abc"


def test_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    secret = Secret.model_validate({"file": str(path)})
    with pytest.raises(ConfigurationError, match="cannot be read"):
        secret.read()
    path.write_text("\n")
    with pytest.raises(ConfigurationError, match="is empty"):
        secret.read()
    path.write_text("abc\n")
    assert secret.read() == "abc"


def test_plain_text_is_never_shown() -> None:
    connection = Connection.model_validate(
        {"url": "http://p:9090", "token": "hunter2", "headers": {"X-Key": "hunter2"}}
    )
    assert connection.token is not None
    assert connection.token.read() == "hunter2"
    assert "hunter2" not in repr(connection)
    assert "hunter2" not in connection.model_dump_json()


@pytest.mark.parametrize("value", [{}, {"env": "A", "file": "b"}, {"vault": "x"}, 7])
def test_anything_else_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        Secret.model_validate(value)


@pytest.mark.parametrize(
    "settings",
    [
        {"url": "prometheus:9090"},
        {"url": "http://user:secret@prometheus:9090"},
        {"url": "http://p:9090/?a=b"},
        {"url": "http://p:9090", "username": "a"},
        {"url": "http://p:9090", "username": "a", "password": "b", "token": "c"},
        {"url": "http://p:9090", "key_file": "k.pem"},
        {"url": "http://p:9090", "deadline": 0},
        {"url": "http://p:9090", "tocken": "c"},
    ],
)
def test_connections_that_make_no_sense(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Connection.model_validate(settings)


def test_the_url_loses_its_slash() -> None:
    assert Connection(url="http://p:9090/select/0/prometheus/").url == "http://p:9090/select/0/prometheus"
