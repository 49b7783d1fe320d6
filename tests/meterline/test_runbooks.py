"""Runbooks are asked for over HTTP on loopback, at most once a day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from meterline import runbooks
from meterline.runbooks import check_runbooks
from servers.scripted import Handler, Scripted, hang, reply, scripted, trickle
from warehouse.database import Warehouse

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Rule:
    severity: str
    runbook_url: str | None


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    with Warehouse.open(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def wiki() -> Iterator[Scripted]:
    """`/there` is there, `/login` wants a sign-in, `/moved` leads to `/there`, `/get` knows GET only."""

    def route(handler: Handler) -> None:
        path, method = handler.asked.path, handler.asked.method
        if path == "/moved":
            step = reply("", 302, {"Location": "/there"})
        elif path == "/slow":
            step = hang
        elif path == "/drip":
            step = trickle(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 500, 0.05)
        else:
            step = reply("", {"/there": 200, "/login": 401, "/get": 200 if method == "GET" else 405}.get(path, 404))
        step(handler)

    with scripted(route) as server:
        yield server


@pytest.fixture(autouse=True)
def _servers_know_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Handler, "do_HEAD", Handler.do_GET, raising=False)


def answers(warehouse: Warehouse) -> dict[str, tuple[bool, str]]:
    rows = warehouse.query("SELECT * FROM runbook_check").to_dicts()
    return {row["runbook_url"].rpartition("/")[2]: (row["answers"], row["answer"]) for row in rows}


def ask(warehouse: Warehouse, wiki: Scripted, *paths: str, now: datetime = NOW, **keys: Any) -> int:
    return check_runbooks(warehouse, [Rule("page", f"{wiki.url}/{path}") for path in paths], now, **keys)


def test_what_answers_and_what_does_not(warehouse: Warehouse, wiki: Scripted) -> None:
    assert ask(warehouse, wiki, "there", "login", "moved", "get", "gone") == 5
    assert answers(warehouse) == {
        "there": (True, "200"), "login": (True, "401"), "moved": (True, "200"), "get": (True, "200"),
        "gone": (False, "404"),
    }  # fmt: skip


def test_only_page_rules_with_an_address_are_asked(warehouse: Warehouse) -> None:
    rules = [
        Rule("ticket", "http://127.0.0.1:9/x"), Rule("page", None), Rule("page", "{runbook_url}"),
        Rule("page", "wiki/gpu"), Rule("page", "wiki/gpu"), Rule("critical", "http://127.0.0.1:1/refused"),
    ]  # fmt: skip
    assert check_runbooks(warehouse, rules, NOW) == 2
    told = answers(warehouse)
    assert told["gpu"] == (False, "not an address")
    assert told["refused"][0] is False
    assert told["refused"][1].startswith("ConnectError")


def test_an_answer_holds_for_a_day(warehouse: Warehouse, wiki: Scripted) -> None:
    ask(warehouse, wiki, "there")
    assert ask(warehouse, wiki, "there", now=NOW + timedelta(hours=23, minutes=59)) == 0
    assert len(wiki.asked) == 1
    assert ask(warehouse, wiki, "there", now=NOW + timedelta(hours=24)) == 1
    assert warehouse.query("SELECT checked_at FROM runbook_check").rows() == [(datetime(2026, 11, 21, 10),)]
    assert warehouse.watermark("meterline", "runbooks") == datetime(2026, 11, 21, 10)


def test_an_address_that_no_rule_names_is_forgotten(warehouse: Warehouse, wiki: Scripted) -> None:
    ask(warehouse, wiki, "there", "gone")
    ask(warehouse, wiki, "there")
    assert answers(warehouse) == {"there": (True, "200")}
    assert check_runbooks(warehouse, [], NOW) == 0
    assert answers(warehouse) == {}


def test_a_server_that_hangs_or_drips_holds_up_nobody(
    warehouse: Warehouse, wiki: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runbooks, "SECONDS", 0.4)
    assert ask(warehouse, wiki, "slow", "drip", "there") == 3
    assert answers(warehouse) == {
        "slow": (False, "no answer within 0.4 s"), "drip": (False, "no answer within 0.4 s"), "there": (True, "200"),
    }  # fmt: skip
