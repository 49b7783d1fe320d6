/*
---
kind: kpi
title: ML deployment success rate
question: How many runs of deployment pipelines that ended succeeded?
formula: success / (success + failed + timed out); a run counts once, with its final state, in the window where it ended
source: KPI 3
unit: ratio
direction: up
target: {op: ">=", value: 0.95, stretch: 0.99}
missing: no_data without ended runs; cancelled and skipped runs are in neither part, backfills are apart
facts: [pipeline_run]
interval: wilson
---
*/
WITH ended AS (
    SELECT day, pipeline, success, failed FROM pipeline_day WHERE kind = 'deployment'
),
scoped AS (
    SELECT day, 'platform' AS scope, success, failed FROM ended
    UNION ALL
    SELECT day, concat('pipeline:', pipeline), success, failed FROM ended
)
SELECT
    p.grain, p.period_start, p.period_end, s.scope,
    CAST(sum(s.success) AS DOUBLE) AS numerator, CAST(sum(s.success + s.failed) AS DOUBLE) AS denominator,
    CAST(sum(s.success + s.failed) AS BIGINT) AS n
FROM period AS p
JOIN scoped AS s ON s.day >= CAST(p.period_start AS DATE) AND s.day < CAST(p.period_end AS DATE)
GROUP BY p.grain, p.period_start, p.period_end, s.scope
