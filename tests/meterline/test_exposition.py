"""What /metrics says of alerts, read back from a log that the test writes; the real promtool reads it too."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from starlette.testclient import TestClient

from alerts.routing.load import parse_routing
from meterline.alerting.stale import evaluated
from meterline.api import create_app
from meterline.api_alerts.answering import Desk
from meterline.exposition import Family, exposition
from warehouse.alert_log import outbox
from warehouse.alert_log.alert import Alert
from warehouse.alert_log.intake import accept
from warehouse.alert_log.log import AlertLog

DOCS = Path(__file__).resolve().parents[2] / "docs" / "alerting.md"
STUCK = 'meterline_outbox_oldest_age_seconds{receiver="a",integration="webhook[0]"}'
DYING = 'meterline_notification_attempts_total{receiver="b",integration="slack[0]",outcome="dead"}'
RULE_TEST = {
    "rule_files": ["rules.yml"],
    "evaluation_interval": "1m",
    "tests": [
        {
            "interval": "1m",
            # evaluated until minute 10, then stuck; one integration waits from minute 0 on, another dies at minute 20
            "input_series": [
                {"series": "meterline_evaluation_age_seconds", "values": "30x10 60+60x20"},
                {"series": STUCK, "values": "0+60x30"},
                {"series": DYING, "values": "0x19 1x11"},
            ],
            "alert_rule_test": [
                {
                    "alertname": alert, "eval_time": f"{minute}m",
                    "exp_alerts": [
                        {
                            "exp_labels": {"severity": "page", **labels},
                            "exp_annotations": {"summary": summary},
                        }
                        for labels, summary in firing
                    ],
                }
                for alert, minute, firing in (
                    # 60 s at minute 11, 180 s at 13: pending then, firing two minutes later
                    ("MeterlineDoesNotEvaluate", 14, []),
                    ("MeterlineDoesNotEvaluate", 15, [({}, "Pages that rules should make are not made")]),
                    ("MeterlineDoesNotDeliver", 5, []),
                    ("MeterlineDoesNotDeliver", 21, [
                        ({"receiver": "a", "integration": "webhook[0]"},
                         "The receiver a gets no notifications (webhook[0])"),
                        ({"receiver": "b", "integration": "slack[0]", "outcome": "dead"},
                         "The receiver b gets no notifications (slack[0])"),
                    ]),
                )
            ],
        }
    ],
}  # fmt: skip

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROUTING = """
route: {receiver: 'on "call"'}
receivers: [{name: 'on "call"', webhook_configs: [{url: http://127.0.0.1:9}]}, {name: nobody}]
"""
PLACE = 'receiver="on \\"call\\"",integration="webhook[0]"'


@pytest.fixture
def log(tmp_path: Path) -> Iterator[AlertLog]:
    with AlertLog(tmp_path) as opened:
        yield opened


@pytest.fixture
def client(log: AlertLog, tmp_path: Path) -> TestClient:
    routing = parse_routing(ROUTING, "test")
    desk = Desk(log, lambda: NOW, lambda: None, lambda: routing, lambda: None)
    return TestClient(create_app(tmp_path, desk=desk), base_url="http://127.0.0.1")


def scraped(client: TestClient) -> dict[str, str]:
    lines = [line for line in client.get("/metrics").text.splitlines() if not line.startswith("#")]
    return dict(line.rsplit(" ", 1) for line in lines)


def queue(log: AlertLog, at: datetime) -> int:
    with log.transaction() as tx:
        return outbox.enqueue(
            tx, group_key="{}", receiver='on "call"', integration="webhook[0]", dedup_key="d",
            reason="first notification", priority=0, alerts=[], payload={}, now=at,
        )  # fmt: skip


def begin(log: AlertLog, delivery: int) -> int:
    with log.transaction() as tx:
        return outbox.begin_attempt(tx, delivery, NOW)


def end(log: AlertLog, attempt: int, outcome: str) -> None:
    with log.transaction() as tx:
        outbox.end_attempt(tx, attempt, NOW, outcome=outcome, status=None, answer="", again_at=NOW)


def test_before_anything_happened_what_can_be_counted_is_zero(client: TestClient) -> None:
    outcomes = ("sent", "accepted", "failed", "dead")
    assert scraped(client) == {
        "meterline_published_version": "0",
        **{f'meterline_alerts_firing{{severity="{one}"}}': "0" for one in ("page", "ticket", "info")},
        **{f'meterline_notification_attempts_total{{{PLACE},outcome="{one}"}}': "0" for one in outcomes},
        f"meterline_outbox_deliveries{{{PLACE}}}": "0",
        f"meterline_outbox_oldest_age_seconds{{{PLACE}}}": "0",
    }


def test_alerts_outbox_and_rules(client: TestClient, log: AlertLog) -> None:
    with log.transaction() as tx:
        alerts = [
            Alert({"alertname": name, "severity": severity}, {}, NOW - timedelta(hours=1), ends)
            for name, severity, ends in (
                ("a", "page", None), ("b", "page", None), ("c", "page", NOW - timedelta(minutes=1)),
                ("d", "odd\n\\", None),
            )
        ]  # fmt: skip
        accept(tx, [*alerts, Alert({"alertname": "e"}, {}, NOW)], NOW, None, origin="rule")
        for rule, error in (("Good", None), ("Bad", "no such column")):
            tx.execute("INSERT INTO rule_clock VALUES (?, 0, 0, ?)", (rule, error))
    evaluated(log, NOW - timedelta(seconds=31.5))
    queue(log, NOW - timedelta(seconds=90))
    queue(log, NOW - timedelta(seconds=10))
    found = scraped(client)
    assert {name: value for name, value in found.items() if "firing" in name} == {
        'meterline_alerts_firing{severity="page"}': "2",
        'meterline_alerts_firing{severity="ticket"}': "0",
        'meterline_alerts_firing{severity="info"}': "0",
        'meterline_alerts_firing{severity="odd\\n\\\\"}': "1",
        'meterline_alerts_firing{severity=""}': "1",
    }
    assert found[f"meterline_outbox_deliveries{{{PLACE}}}"] == "2"
    assert found[f"meterline_outbox_oldest_age_seconds{{{PLACE}}}"] == "90.000"
    assert found["meterline_evaluation_age_seconds"] == "31.500"
    rules = {name: value for name, value in found.items() if "rule_failing" in name}
    assert rules == {'meterline_rule_failing{rule="Bad"}': "1", 'meterline_rule_failing{rule="Good"}': "0"}


def test_attempts_are_counted_once_and_never_fall(client: TestClient, log: AlertLog) -> None:
    def counts() -> list[str]:
        name = "meterline_notification_attempts_total"
        return [scraped(client)[f'{name}{{{PLACE},outcome="{one}"}}'] for one in ("sent", "failed", "dead")]

    first, second, third = (queue(log, NOW) for _ in range(3))
    slow = begin(log, first)
    end(log, begin(log, second), "failed")
    assert counts() == ["0", "1", "0"]
    end(log, begin(log, second), "dead")
    assert counts() == ["0", "1", "1"]
    assert counts() == ["0", "1", "1"]
    end(log, slow, "sent")  # began before those that were counted
    assert counts() == ["1", "1", "1"]
    end(log, begin(log, third), "sent")
    with log.transaction() as tx:  # as `forget` does with what is old
        tx.execute("DELETE FROM attempt WHERE id < (SELECT max(id) FROM attempt)")
    assert counts() == ["2", "1", "1"]


def test_a_new_process_counts_from_zero(log: AlertLog, tmp_path: Path) -> None:
    end(log, begin(log, queue(log, NOW)), "sent")
    routing = parse_routing(ROUTING, "test")
    desk = Desk(log, lambda: NOW, lambda: None, lambda: routing, lambda: None)
    again = TestClient(create_app(tmp_path, desk=desk), base_url="http://127.0.0.1")
    assert scraped(again)[f'meterline_notification_attempts_total{{{PLACE},outcome="sent"}}'] == "0"


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_promtool_finds_nothing_to_complain_about(client: TestClient, log: AlertLog) -> None:
    with log.transaction() as tx:
        accept(tx, [Alert({"alertname": "a", "severity": 'x"\\\n'}, {}, NOW)], NOW, None, origin="rule")
        tx.execute("INSERT INTO rule_clock VALUES ('Bad', 0, 0, 'oh no')")
    evaluated(log, NOW)
    text = client.get("/metrics").text
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_family_without_samples_is_still_declared() -> None:
    assert exposition([Family("a_total", "A.", [], "counter")]) == "# HELP a_total A.\n# TYPE a_total counter\n"


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_the_rules_of_the_documentation_are_rules_over_what_is_exposed(client: TestClient, tmp_path: Path) -> None:
    section = DOCS.read_text(encoding="utf-8").split("## Watching Meterline itself")[1].split("\n## ")[0]
    [rules] = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    (tmp_path / "rules.yml").write_text(rules)
    (tmp_path / "test.yml").write_text(yaml.safe_dump(RULE_TEST))
    for words in (["check", "rules", "rules.yml"], ["test", "rules", "test.yml"]):
        done = subprocess.run(["promtool", *words], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    declared = set(re.findall(r"# TYPE (\S+)", client.get("/metrics").text))
    assert set(re.findall(r"\bmeterline_[a-z_]+", section)) == {
        name for name in declared if "source" not in name and "published" not in name
    }
