/*
---
kind: kpi
title: Cost per 1k inferences
question: What do a thousand successful inferences cost?
formula: 1000 x serving cost / successful inference requests, as a ratio of sums
source: KPI 11
unit: currency
direction: down
missing: null without requests, never 0; the cost of hours without requests is part of it
facts: [gpu_allocation, serving_count]
---
*/
WITH cost AS (
    SELECT day, service, sum(CAST(cost AS DOUBLE)) AS cost
    FROM cost_line
    WHERE service <> '__none__'
    GROUP BY day, service
),
day AS (
    SELECT
        coalesce(c.day, s.day) AS day, coalesce(c.service, s.service) AS service,
        coalesce(c.cost, 0) AS cost, coalesce(s.good, 0) AS good
    FROM cost AS c
    FULL JOIN serving_day AS s ON s.day = c.day AND s.service = c.service
),
scoped AS (
    SELECT day, 'platform' AS scope, cost, good FROM day
    UNION ALL
    SELECT day, concat('service:', service), cost, good FROM day
)
SELECT
    p.grain, p.period_start, p.period_end, s.scope,
    sum(s.cost) AS numerator, sum(s.good) AS denominator, CAST(sum(s.good) AS BIGINT) AS n,
    1000 * sum(s.cost) / nullif(sum(s.good), 0) AS value
FROM period AS p
JOIN scoped AS s ON s.day >= CAST(p.period_start AS DATE) AND s.day < CAST(p.period_end AS DATE)
GROUP BY p.grain, p.period_start, p.period_end, s.scope
