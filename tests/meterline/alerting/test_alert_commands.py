"""`meterline alerts` as a person types it, beside no service: empty states, mistakes, and alerts that others wrote."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from warehouse.alert_log import intake
from warehouse.alert_log.alert import Alert, fingerprint
from warehouse.alert_log.log import AlertLog

NOW = datetime.now(UTC)
EVIL = {"alertname": "\x1b[31mRed\x07", "pod": 'p\r\nPaged? Yes: everybody "quoted"', "ünï": "<b>"}


@pytest.fixture
def config(write_config) -> Path:
    return write_config("data: data\n")


def fire(config: Path, labels: dict[str, str], **annotations: str) -> str:
    with AlertLog(config.parent / "data") as log, log.transaction() as tx:
        intake.accept(tx, [Alert(labels, annotations, NOW)], NOW, None)
    return fingerprint(labels)


def test_where_nothing_happened_it_says_so(cli, config: Path) -> None:
    assert cli("alerts", "list", "--config", config).out.startswith("nothing fires; --all")
    assert cli("alerts", "list", "--all", "--config", config).out == "nothing fired in the last 7 days\n"
    assert cli("alerts", "list", "--json", "--config", config).out == "[]\n"
    assert cli("alerts", "silence", "list", "--config", config).out == "no silences\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["explain", "ffff"], "no alert has the fingerprint ffff"),
        (["ack", "ffff"], "no alert has the fingerprint ffff"),
        (["judge", "ffff", "noise"], "no alert has the fingerprint ffff"),
        (["silence", "expire", "none"], "no silence is in force by the id none"),
        (["silence", "add", "a=~.*", "--for", "1h", "--comment", "x"], "must not match the empty string"),
        (["silence", "add", "a=b", "--for", "99999999999d", "--comment", "x"], "is no duration"),
    ],
)
def test_a_mistake_is_told_with_a_remedy(cli, config: Path, words: list[str], said: str) -> None:
    ran = cli("alerts", *words, "--config", config)
    assert (ran.code, said in ran.err, "fix:" in ran.err) == (2, True, True)


def test_what_others_wrote_moves_no_cursor_and_begins_no_line(cli, config: Path) -> None:
    one = fire(config, EVIL, summary="\x1b[2Jcleared\nnothing fires")
    explained = cli("alerts", "explain", one, "--config", config).out
    heading, empty, answer, *_ = explained.splitlines()
    assert heading == (r'alertname="\x1b[31mRed\x07" pod="p\r\nPaged? Yes: everybody "quoted"" ünï="<b>"')
    assert (empty, answer.startswith("Paged? Not yet:")) == ("", True)
    listed = cli("alerts", "list", "--config", config).out
    assert len(listed.splitlines()) == 2
    assert "\x1b" not in explained + listed


def test_a_prefix_must_mean_one_alert(cli, config: Path) -> None:
    prints = sorted(fire(config, {"alertname": "A", "n": str(n)}) for n in range(17))  # two share their first digit
    ran = cli("alerts", "explain", "", "--config", config)
    assert (ran.code, "fingerprints or more" in ran.err) == (2, True)
    assert cli("alerts", "explain", prints[0], "--config", config).code == 0
