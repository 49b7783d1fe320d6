/*
---
kind: kpi
title: Cost per 1k inferences
question: What do a thousand successful inferences cost?
formula: >
  1000 x serving cost / successful inference requests, as a ratio of sums; with what services bear of idle and shared cost
  under the configured policy
source: KPI 11
unit: currency
direction: down
missing: null without requests, never 0; the cost of hours without requests is part of it
facts: [gpu_allocation, serving_count]
---
*/
WITH cost AS (
    SELECT day, service, sum(CAST(cost AS DOUBLE)) AS cost
    FROM (
        SELECT day, service, cost FROM cost_line
        UNION ALL
        SELECT day, service, cost FROM cost_transfer
    ) AS borne
    WHERE service <> '__none__'
    GROUP BY day, service
),
day AS (
    SELECT coalesce(c.day, s.day) AS day, coalesce(c.service, s.service) AS service, c.cost, coalesce(s.good, 0) AS good
    FROM cost AS c
    FULL JOIN serving_day AS s ON s.day = c.day AND s.service = c.service
),
total AS (
    SELECT p.grain, p.period_start, p.period_end, d.service, sum(d.cost) AS cost, sum(d.good) AS good
    FROM period AS p
    JOIN day AS d ON d.day >= CAST(p.period_start AS DATE) AND d.day < CAST(p.period_end AS DATE)
    GROUP BY p.grain, p.period_start, p.period_end, d.service
),
known AS (  -- requests of a service whose cost is unknown would make it free and the platform cheap
    SELECT grain, period_start, period_end, service, cost, CASE WHEN cost IS NOT NULL THEN good END AS good
    FROM total
),
scoped AS (
    SELECT grain, period_start, period_end, 'platform' AS scope, cost, good FROM known
    UNION ALL
    SELECT grain, period_start, period_end, concat('service:', service), cost, good FROM known
)
SELECT
    grain, period_start, period_end, scope,
    sum(cost) AS numerator, sum(good) AS denominator, CAST(round(coalesce(sum(good), 0)) AS BIGINT) AS n,
    1000 * sum(cost) / nullif(sum(good), 0) AS value
FROM scoped
GROUP BY grain, period_start, period_end, scope
