"""What every command keeps to: exit codes, one-line errors, quick help."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

import meterline.collecting
from meterline.cli.app import app
from warehouse.database import Warehouse
from warehouse.errors import WarehouseError

ROOT = Path(__file__).resolve().parents[2]
SLOW_TO_IMPORT = (
    "polars",
    "duckdb",
    "streamlit",
    "pydantic",
    "pandas",
    "numpy",
    "starlette",
    "requests",
    "httpx",
    "yaml",
)
COMMANDS = sorted(app.commands)


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom meterline.cli import main\n"
        "assert main(['--help']) == 0\n"
        f"print([name for name in {SLOW_TO_IMPORT!r} if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"
    assert all(f"  {name} " in ran.stdout for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_refuses_unknown_options(cli, command: str) -> None:
    assert cli(command, "--help").code == 0
    ran = cli(command, "--no-such-option")
    assert ran.code == 2
    assert "No such option" in ran.err


@pytest.mark.parametrize("command", [one for one in COMMANDS if one not in ("init", "demo")])
def test_a_missing_configuration_is_2_and_says_how_to_make_one(cli, tmp_path: Path, command: str) -> None:
    month = ["--month", "2026-10"]
    more = month if command in ("showback", "unit-cost", "close", "reconcile") else []
    words = {"export": ["export", "facts"], "alerts": ["alerts", "list"]}.get(command, [command])
    ran = cli(*words, "--config", tmp_path / "none.yaml", *more)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        f"error: {tmp_path / 'none.yaml'} does not exist\n"
        "  fix: make one with `meterline init`, or name another with --config\n"
    )


def test_every_problem_of_a_configuration_is_its_own_line(cli, write_config) -> None:
    path = write_config("dat: x\nengine: spark://h:1\n")
    ran = cli("check", "--config", path)
    assert ran.code == 2
    assert ran.err == (
        f"error: {path}:1: dat: unknown key, did you mean data?\n"
        f"error: {path}:2: engine: 'spark://h:1': Spark is not available yet: expected duckdb\n"
    )


def test_check_names_prices_that_contradict_each_other(cli, tmp_path: Path) -> None:
    path = tmp_path / "meterline.yaml"
    path.write_text(
        """
prices:
  gpu_hour:
    - {model: H100, price: "2.50", from: 2026-01-01, to: 2026-03-01}
    - {model: H100, price: "2.60", from: 2026-02-01}
"""
    )
    ran = cli("check", "--config", path)
    assert ran.code == 1, "reports are made, with a gap"
    assert "warning: two prices of H100 hold from 2026-02-01T00:00:00Z to 2026-03-01T00:00:00Z" in ran.err
    assert "2.50 and 2.60" in ran.err.replace('"', "")
    assert "valid, 0 of 0 sources reached" in ran.out


def test_rates_that_are_still_to_come_are_no_bad_news(
    cli, write_config, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    path = write_config(
        """
prices:
  gpu_hour: [{model: H100, price: "2.50", from: 2026-10-02, currency: EUR}]
  rates: [{currency: EUR, date: 2026-10-02, rate: "1.1"}]
  rate_holds_days: 3
"""
    )
    for day, code in ((4, 0), (5, 1)):
        monkeypatch.setattr(meterline.collecting, "utc_now", lambda day=day: datetime(2026, 10, day, 12, tzinfo=UTC))
        ran = cli("check", "--config", path)
        assert (ran.code, ran.err.splitlines()[0]) == (
            code, "warning: no rate EUR->USD from 2026-10-05T00:00:00Z on"
        )  # fmt: skip


def test_the_last_year_of_the_calendar_is_no_month(cli, write_config) -> None:
    ran = cli("showback", "--config", write_config(""), "--month", "9999-12")
    assert (ran.code, "'9999-12' is not a month" in ran.err) == (2, True)


def test_the_environment_names_another_configuration(
    cli, write_config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_config("nonsense: 1\n")
    monkeypatch.setenv("METERLINE_CONFIG", str(tmp_path / "meterline.yaml"))
    assert "nonsense: unknown key" in cli("check").err


def test_init_writes_a_configuration_that_is_valid_and_never_overwrites(cli, tmp_path: Path) -> None:
    directory = tmp_path / "new"
    assert cli("init", directory).code == 0
    text = (directory / "meterline.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=meterline.schema.json\n")
    schema = json.loads((directory / "meterline.schema.json").read_text())
    assert schema["title"] == "Meterline configuration"
    ran = cli("showback", "--config", directory / "meterline.yaml", "--month", "2026-10")
    assert (ran.code, ran.err.split("\n")[0]) == (1, f"error: no results are published in {directory / 'data'}")
    (directory / "meterline.yaml").write_text("mine")
    assert cli("init", directory).code == 2
    assert (directory / "meterline.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["collect", "--source", "tset"], "error: no source is named tset\n  fix: known sources: prod\n"),
        (["collect", "--from", "yesterday"], "is not an ISO 8601 date or time"),
        (["collect", "--to", "2026-10-05"], "--to is given without --from"),
        (["collect", "--from", "2026-10-06", "--to", "2026-10-05"], "is not before --to"),
        (["analyze", "--from", "2026-10-06", "--to", "2026-10-06"], "is not before --to"),
        (["showback", "--month", "2026-13"], "'2026-13' is not a month, expected for example 2026-10"),
        (["showback"], "Missing option '--month'"),
        (["showback", "--month", "2026-10", "--format", "pdf"], "available formats: table, csv, json, focus, html"),
        (["kpis", "--grain", "day"], "'day' is not one of"),
        (["kpis", "--team", "ghost"], "no team is named ghost"),
        (["kpis", "--team", "a", "--scope", "platform"], "--team and --scope are both given"),
        (["demo", "--json"], "--json is given without --once"),
    ],
)
def test_wrong_words_are_2(cli, write_config, words: list[str], message: str) -> None:
    path = write_config(
        "data: data\nteams: [{name: a}]\n"
        "sources:\n  - {name: prod, type: prometheus, url: http://127.0.0.1:9, profiles: [dcgm]}\n"
    )
    config = [] if words[0] == "demo" else ["--config", path]
    ran = cli(*words, *config)
    assert ran.code == 2
    assert message in ran.err
    assert not (path.parent / "data" / "facts.duckdb").exists()


def test_no_sources_is_2(cli, write_config) -> None:
    ran = cli("collect", "--config", write_config("data: data\n"))
    assert (ran.code, "no sources are configured" in ran.err) == (2, True)


@pytest.mark.parametrize("command", ["collect", "analyze", "run", "export facts"])
def test_a_busy_warehouse_is_4_and_names_the_pid(cli, write_config, tmp_path: Path, command: str) -> None:
    path = write_config(
        "data: data\nsources:\n  - {name: prod, type: prometheus, url: http://127.0.0.1:9, profiles: [dcgm]}\n"
    )
    with Warehouse.open(tmp_path / "data", "the other one"):
        ran = cli(*command.split(), "--config", path)
    assert ran.code == 4
    assert f"is in use by pid {os.getpid()} (`the other one`" in ran.err
    assert "  fix: " in ran.err


def test_ctrl_c_is_130(cli, write_config, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(meterline.collecting, "collect_all", interrupted)
    path = write_config("sources:\n  - {name: prod, type: prometheus, url: http://127.0.0.1:9, profiles: [dcgm]}\n")
    assert cli("collect", "--config", path).code == 130


def test_a_defect_is_told_in_one_line_with_the_way_to_its_trace(
    cli, write_config, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defect(*arguments: object) -> None:
        raise ZeroDivisionError("by zero\nsecond line")

    monkeypatch.setattr(meterline.collecting, "collect_all", defect)
    path = write_config("sources:\n  - {name: prod, type: prometheus, url: http://127.0.0.1:9, profiles: [dcgm]}\n")
    ran = cli("collect", "--config", path)
    assert ran.code == 1
    assert ran.err.splitlines()[0] == "error: unexpected ZeroDivisionError: by zero"
    assert "METERLINE_TRACE=1" in ran.err


def test_an_unwritable_data_directory_is_told(cli, write_config, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a directory should be")
    path = write_config(
        "data: data\nsources:\n  - {name: p, type: prometheus, url: http://127.0.0.1:9, profiles: [dcgm]}\n"
    )
    ran = cli("collect", "--config", path)
    assert ran.code == WarehouseError.exit_code
    assert ran.err.startswith(f"error: cannot write to {tmp_path / 'data'}")


def test_a_reader_that_stops_early_is_no_error(tmp_path: Path) -> None:
    """`meterline --help | head -0`: the pipe is closed before we write."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        ran = subprocess.run(
            [sys.executable, "-m", "meterline", "--help"], cwd=ROOT, stdout=closed, stderr=subprocess.PIPE, text=True
        )
    assert "Traceback" not in ran.stderr
    assert "Exception" not in ran.stderr


def test_every_command_is_documented_by_its_own_docstring() -> None:
    for name, command in app.commands.items():
        assert isinstance(command, click.Command)
        assert command.help, name
