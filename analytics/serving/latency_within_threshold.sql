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
scopes: [service, team]
interval: wilson
---
*/
SELECT
    CAST(t.period AS DATE) AS day, t.service, s.team,
    t.within_lower AS numerator, t.total AS denominator, t.total AS n
FROM serving_threshold AS t
LEFT JOIN service AS s ON s.service = t.service
WHERE t.grain = 'day'
