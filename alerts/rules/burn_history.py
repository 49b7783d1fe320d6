"""How budgets burned in the past, as published: enough to replay a rule on `{slo: burn}`, not to evaluate one.

The minutes in which a condition held are known (`slo_event`), and for each of them that it held. So readings are 1 in
those minutes and 0 around them, with a threshold of 0; `value` is not the burn rate, `peak_burn` is the highest of the
run. This reads no warehouse, so it works beside the service that owns it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from alerts.rules.model import Rule
from alerts.rules.signal import SignalInactive, Signals
from warehouse.interval import naive
from warehouse.published import Published

AFTER = timedelta(minutes=5)
QUERY = """
WITH event AS (
    SELECT * FROM slo_event WHERE ended_at > $since AND started_at < $until
),
reach AS (
    SELECT
        slo, objective, rule, severity,
        unnest(generate_series(started_at, ended_at + $after_s * INTERVAL 1 SECOND, INTERVAL 1 MINUTE)) AS ts
    FROM event
)
SELECT
    r.ts, r.slo, r.objective, r.rule, r.severity, max(e.service) AS service, max(e.team) AS team,
    max(e.peak_burn) AS peak_burn, 0e0 AS threshold,
    max(CASE WHEN r.ts >= e.started_at AND r.ts < e.ended_at THEN 1e0 ELSE 0e0 END) AS value
FROM reach AS r
JOIN event AS e ON e.slo = r.slo AND e.objective = r.objective AND e.rule = r.rule AND e.severity = r.severity
WHERE r.ts >= $since AND r.ts < $until
GROUP BY r.ts, r.slo, r.objective, r.rule, r.severity
"""


def burn_history(published: Published) -> Signals:
    """Signals of the kind `slo` for a backtest; inactive where no objectives are published."""

    def rows(rule: Rule, since: datetime, until: datetime) -> pl.DataFrame:
        if "slo_event" not in published.tables:
            raise SignalInactive(f"{published.version} has no table slo_event")
        after = AFTER + rule.keep_firing_for + (rule.flapping.within if rule.flapping else timedelta(0))
        span = {"since": naive(since), "until": naive(until)}
        return published.query(QUERY, span | {"after_s": int(after.total_seconds())})

    return {"slo": rows}
