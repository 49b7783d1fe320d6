/*
---
kind: kpi
title: Requests within the latency threshold
question: Which share of requests did the services answer within their own threshold?
formula: requests at or below the threshold / requests; the lower bound where the threshold is not a bucket bound
source: KPI 7 (latency SLI)
unit: ratio
direction: up
target: {op: ">=", value: 0.95, stretch: 0.99}
missing: no_data without observations or without a threshold
facts: [serving_histogram]
interval: wilson
---
*/
WITH day AS (
    SELECT CAST(t.period AS DATE) AS day, t.service, s.team, t.within_lower, t.total
    FROM serving_threshold AS t
    LEFT JOIN service AS s ON s.service = t.service
    WHERE t.grain = 'day'
),
scoped AS (
    SELECT day, 'platform' AS scope, within_lower, total FROM day
    UNION ALL
    SELECT day, concat('service:', service), within_lower, total FROM day
    UNION ALL
    SELECT day, concat('team:', team), within_lower, total FROM day WHERE team IS NOT NULL
)
SELECT
    p.grain, p.period_start, p.period_end, s.scope,
    sum(s.within_lower) AS numerator, sum(s.total) AS denominator, CAST(round(sum(s.total)) AS BIGINT) AS n
FROM period AS p
JOIN scoped AS s ON s.day >= CAST(p.period_start AS DATE) AND s.day < CAST(p.period_end AS DATE)
GROUP BY p.grain, p.period_start, p.period_end, s.scope
