/*
---
kind: kpi
title: Serving availability
question: Which share of valid requests did the services answer without a failure of ours?
formula: (valid - bad) / valid, valid = requests - client aborts - client errors
source: KPI 7 (event SLI); the platform's figure is a ratio of sums, not a mean of ratios
unit: ratio
direction: up
target: {op: ">=", value: 0.995, stretch: 0.999}
missing: no_data without valid requests
facts: [serving_count]
interval: wilson
---
*/
WITH day AS (
    SELECT day, service, team, requests - aborted - client_error AS valid, bad FROM serving_day
),
scoped AS (
    SELECT day, 'platform' AS scope, valid, bad FROM day
    UNION ALL
    SELECT day, concat('service:', service), valid, bad FROM day
    UNION ALL
    SELECT day, concat('team:', team), valid, bad FROM day WHERE team IS NOT NULL
)
SELECT
    p.grain, p.period_start, p.period_end, s.scope,
    sum(s.valid - s.bad) AS numerator, sum(s.valid) AS denominator, CAST(round(sum(s.valid)) AS BIGINT) AS n
FROM period AS p
JOIN scoped AS s ON s.day >= CAST(p.period_start AS DATE) AND s.day < CAST(p.period_end AS DATE)
GROUP BY p.grain, p.period_start, p.period_end, s.scope
