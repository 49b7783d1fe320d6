/*
---
kind: result
title: Drift monitors
question: Is every production model watched for drift, and has its watch reported lately?
formula: covered = the last result is younger than 2 of the monitor's periods; stale = it is older; missing = none at all
source: KPI 12; models are the services of the configuration that serve one
missing: a model without a monitor has status missing and no time
---
*/
WITH last_result AS (
    SELECT model, max(ts) AS ts FROM drift_result GROUP BY model
),
latest AS (
    SELECT r.model, min(r.monitor) AS monitor, r.ts, sum(r.columns) AS columns, sum(r.drifted_columns) AS drifted_columns
    FROM drift_result AS r
    JOIN last_result AS l ON l.model = r.model AND l.ts = r.ts
    GROUP BY r.model, r.ts
)
SELECT
    s.model, s.service, s.team, s.tier, l.monitor,
    CASE WHEN l.ts IS NULL THEN 'missing'
         WHEN l.ts < CAST($now AS TIMESTAMP) - s.drift_every_s * $drift_periods * INTERVAL 1 SECOND THEN 'stale'
         ELSE 'covered' END AS status,
    l.ts AS last_result_at, s.drift_every_s AS expected_every_s,
    CAST(l.columns AS BIGINT) AS columns, CAST(l.drifted_columns AS BIGINT) AS drifted_columns
FROM service AS s
LEFT JOIN latest AS l ON l.model = s.model
WHERE s.model IS NOT NULL
ORDER BY s.tier, s.model
