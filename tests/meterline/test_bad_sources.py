"""Whatever a source does, `collect` names the cause in one line, ends with 3, and the other sources are done."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from servers.scripted import Step, cut, hang, reply, scripted, trickle
from warehouse.database import Warehouse

ROOT = Path(__file__).resolve().parents[2]
NOTHING = b'{"status":"success","data":{"resultType":"matrix","result":[]}}'
HTML = "<!doctype html><title>Sign in</title>"
LOGIN = {"Location": "http://127.0.0.1:9/login"}


def source(name: str, url: str) -> str:
    patience = "retries: 0, deadline: 1, backfill: 1h"
    return f"  - {{name: {name}, type: prometheus, url: '{url}', profiles: [dcgm], {patience}}}\n"


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (reply("Unauthorized", 401, {"Content-Type": "text/plain"}), "401"),
        (reply("Forbidden", 403, {"Content-Type": "text/plain"}), "403"),
        (reply(HTML, headers={"Content-Type": "text/html"}), "HTML"),
        (reply("", 302, LOGIN), "302 Found to http:.*login"),
        (reply("not found", 404, {"Content-Type": "text/plain"}), "404"),
        (reply("{", 200), "ends in the middle"),
        (cut(NOTHING, 500), "complete|closed|broke|truncated|incomplete|ended"),
        (hang, "deadline|within 1|did not answer|not complete"),
        (trickle(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + NOTHING, 0.05), "deadline|within 1|not complete"),
        (reply('{"status":"error","errorType":"bad_data","error":"parse error: oh no"}', 400), "oh no"),
    ],
)
def test_a_bad_answer_is_one_line_and_stops_nobody(cli, write_config, tmp_path: Path, fault: Step, cause: str) -> None:
    with scripted(fault) as bad, scripted(reply(NOTHING)) as good:
        path = write_config("data: data\nsources:\n" + source("bad", bad.url) + source("good", good.url))
        ran = cli("collect", "--config", path, "--from", "2026-10-05T00:00", "--to", "2026-10-05T01:00")
    errors = [line for line in ran.err.splitlines() if line.startswith("error: ")]
    assert ran.code == 3
    assert len(errors) == 1
    assert errors[0].startswith("error: source bad: ")
    assert re.search(cause, errors[0], re.IGNORECASE), errors[0]
    assert "good: 0 rows in [2026-10-05T00:00:00Z, 2026-10-05T01:00:00Z)" in ran.out
    with Warehouse.open(tmp_path / "data") as warehouse:
        jobs = warehouse.query("SELECT job, failures, succeeded_at IS NULL, message IS NULL FROM job_run ORDER BY job")
        assert jobs.rows() == [("source:bad", 1, True, False), ("source:good", 0, False, True)]
        assert warehouse.watermark("bad", "dcgm") is None


def test_nobody_listens(cli, write_config) -> None:
    path = write_config("data: data\nsources:\n" + source("gone", "http://127.0.0.1:9"))
    ran = cli("collect", "--config", path, "--json")
    assert ran.code == 3
    [row] = json.loads(ran.out)
    assert (row["source"], row["ok"], row["rows"]) == ("gone", False, None)
    assert "127.0.0.1" in row["error"]
    assert ran.err.startswith("error: source gone: ")


def test_failures_are_counted_until_a_success(cli, write_config, tmp_path: Path) -> None:
    with scripted(reply("no", 500, {"Content-Type": "text/plain"})) as server:
        path = write_config("data: data\nsources:\n" + source("prod", server.url))
        for _ in range(2):
            assert cli("collect", "--config", path).code == 3
        with Warehouse.open(tmp_path / "data") as warehouse:
            assert warehouse.query("SELECT failures FROM job_run").rows() == [(2,)]
        server.steps = [reply(NOTHING)]
        assert cli("collect", "--config", path).code == 0
        with Warehouse.open(tmp_path / "data") as warehouse:
            rows = warehouse.query("SELECT failures, message, succeeded_at IS NULL FROM job_run").rows()
            assert rows == [(0, None, False)]


def test_an_empty_metric_is_a_note_and_no_error(cli, write_config) -> None:
    with scripted(reply(NOTHING)) as server:
        path = write_config("data: data\nsources:\n" + source("prod", server.url))
        ran = cli("collect", "--config", path)
    assert ran.code == 0
    assert "note: dcgm: the server has no series of this profile" in ran.out
    assert ran.err == ""


def test_a_missing_secret_fails_its_source_only(cli, write_config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_TOKEN", raising=False)
    with scripted(reply(NOTHING)) as server:
        secret = source("locked", server.url).replace("retries", "token: {env: NO_SUCH_TOKEN}, retries")
        path = write_config("data: data\nsources:\n" + secret + source("open", server.url))
        ran = cli("collect", "--config", path)
    assert ran.code == 3
    assert "error: source locked: environment variable NO_SUCH_TOKEN is not set" in ran.err
    assert "open: 0 rows" in ran.out


def test_check_reaches_every_source(cli, write_config) -> None:
    with scripted(reply("Unauthorized", 401, {"Content-Type": "text/plain"})) as bad:
        path = write_config("sources:\n" + source("bad", bad.url) + source("gone", "http://127.0.0.1:9"))
        ran = cli("check", "--config", path, "--json")
    assert ran.code == 3
    found = json.loads(ran.out)["sources"]
    assert [(one["source"], one["ok"]) for one in found] == [("bad", False), ("gone", False)]
    assert ran.err.count("error: ") == 2


def test_ctrl_c_does_not_wait_for_a_server_that_hangs(cli, write_config, tmp_path: Path) -> None:
    with scripted(hang) as server:
        path = write_config(
            "data: data\nsources:\n" + source("prod", server.url).replace("deadline: 1", "deadline: 60")
        )
        process = subprocess.Popen(
            [sys.executable, "-m", "meterline", "collect", "--config", str(path)],
            cwd=ROOT, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        deadline = time.monotonic() + 30
        while not server.asked:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=5)
        server.steps = [reply(NOTHING)]
        assert (process.returncode, said.strip()) == (130, "interrupted: what was stored before is complete and stays")
        assert cli("collect", "--config", path).code == 0  # nothing is locked or half stored
