"""Rules, readings and cases for tests of alerts/rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from alerts.rules.model import Rule
from warehouse.alert_log.log import AlertLog
from warehouse.alert_log.moment import from_us

CASES = Path(__file__).parent / "alerts" / "rules" / "cases"
T0 = datetime(2026, 10, 5, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SQL = "SELECT ts, pod, value FROM readings WHERE ts >= $since AND ts < $until"


def cases() -> list[dict[str, Any]]:
    """All cases of the state machine: `{file, what, rule, readings, changes}`."""
    return [
        {"file": path.stem, **case}
        for path in sorted(CASES.glob("*.yaml"))
        for case in yaml.safe_load(path.read_text())
    ]


def rule(**written: Any) -> Rule:
    """A rule of which only `written` matters."""
    base = {"name": "tested", "title": "Tested", "severity": "ticket", "signal": {"sql": SQL}, "threshold": 10.0}
    return Rule.model_validate({**base, **written})


def rows(*values: Sequence[Any], columns: Sequence[str] = ("pod", "value")) -> pl.DataFrame:
    """Rows (minutes after T0, then `columns`) as a signal gives them: naive UTC."""
    schema = ["ts", *columns]
    made = [((T0 + minute * MINUTE).replace(tzinfo=None), *rest) for minute, *rest in values]
    frame = pl.DataFrame(made, schema=schema, orient="row")
    return frame.with_columns(pl.col("ts").cast(pl.Datetime("us")))


def source(frame: pl.DataFrame):
    """A signal source that gives the rows of `frame` in the interval that is asked for."""

    def given(_: Rule, since: datetime, until: datetime) -> pl.DataFrame:
        ts = pl.col("ts").dt.replace_time_zone("UTC")
        return frame.filter((ts >= since) & (ts < until))

    return given


def firing(log: AlertLog) -> dict[str, tuple[datetime, str]]:
    """Alerts that fire: name or pod -> (since, annotations)."""
    import json

    found = {}
    for row in log.rows("SELECT * FROM alert WHERE ends_at IS NULL"):
        labels = json.loads(row["labels"])
        found[labels.get("pod", labels["alertname"])] = (from_us(row["starts_at"]), json.loads(row["annotations"]))
    return found


def events(log: AlertLog, *kinds: str) -> list[tuple[str, dict[str, Any]]]:
    """(kind, detail) of all events in order, of these kinds or all."""
    import json

    found = [(row["kind"], json.loads(row["detail"])) for row in log.rows("SELECT kind, detail FROM event ORDER BY id")]
    return [one for one in found if not kinds or one[0] in kinds]
