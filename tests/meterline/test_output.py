"""Tables, JSON and CSV: money and times survive exactly, a terminal gets more than a pipe."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from meterline.output import as_csv, as_json, plain, print_table
from servers.scripted import reply, scripted

ROOT = Path(__file__).resolve().parents[2]
NOTHING = b'{"status":"success","data":{"resultType":"matrix","result":[]}}'


@given(st.decimals(allow_nan=False, allow_infinity=False, places=10, min_value=-(10**12), max_value=10**12))
def test_money_survives_json_and_csv(amount: Decimal) -> None:
    assert Decimal(json.loads(as_json({"cost": amount}))["cost"]) == amount
    [row] = csv.DictReader(io.StringIO(as_csv([{"cost": amount}], ["cost"])))
    assert Decimal(row["cost"]) == amount
    assert "E" not in row["cost"]


def test_times_are_utc_with_a_z() -> None:
    moments = [datetime(2026, 10, 5, 12), datetime(2026, 10, 5, 12, tzinfo=UTC), date(2026, 10, 5)]
    assert json.loads(as_json(moments)) == ["2026-10-05T12:00:00Z", "2026-10-05T12:00:00Z", "2026-10-05"]
    assert [plain(one) for one in moments] == ["2026-10-05T12:00:00Z", "2026-10-05T12:00:00Z", "2026-10-05"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (True, "yes"), (0.123456, "0.1235"), (12345.678, "12,345.7"), (7, "7"), (["a", "b"], "a, b")],
)
def test_plain_values(value: object, text: str) -> None:
    assert plain(value) == text


def test_unknown_is_empty_in_csv_and_quotes_are_kept() -> None:
    text = as_csv([{"a": None, "b": 'say "x", y'}], ["a", "b"])
    assert text == 'a,b\r\n,"say ""x"", y"\r\n'


def test_columns_of_a_plain_table_line_up(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([{"team": "search", "cost": Decimal("6.01")}, {"team": "x", "cost": None}], ["team", "cost"], "Title")
    assert capsys.readouterr().out == "TEAM    COST\nsearch  6.01\nx          -\n"


def seen_on_a_terminal(*words: str) -> str:
    """What a person sees on stderr and stdout of a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "meterline", *words], cwd=ROOT, stdout=theirs, stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    try:
        while chunk := os.read(ours, 65536):
            seen += chunk
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert process.wait(60) == 0
    return seen.decode()


def test_progress_on_a_terminal_and_none_in_a_pipe(cli, write_config) -> None:
    with scripted(reply(NOTHING)) as server:
        path = write_config(
            "data: data\nsources:\n"
            f"  - {{name: prod, type: prometheus, url: '{server.url}', profiles: [dcgm], backfill: 1h}}\n"
        )
        seen = seen_on_a_terminal("collect", "--config", str(path))
        assert "100 %" in seen
        assert "prod: done" in seen
        assert cli("collect", "--config", path).err == ""
