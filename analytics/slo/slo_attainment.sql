/*
---
kind: kpi
title: SLO attainment
question: Which share of SLOs kept their objectives?
formula: >
  SLOs that met all of their objectives in the period / SLOs with data; an objective is met where good / total of the
  period, counted by its method, reaches its target. Ratios of different SLOs are never averaged
source: KPI 7
unit: ratio
direction: up
target: {op: ">=", value: 0.995, stretch: 0.999}
missing: an SLO without events in the period is left out; no_data when there is none left
facts: [sli_count]
---
*/
WITH counted AS (
    SELECT
        p.grain, p.period_start, p.period_end, o.slo, o.objective, o.service, o.team, o.target, sum(d.good) AS good,
        sum(d.total) AS total
    FROM period AS p
    JOIN slo_day AS d ON CAST(d.day AS TIMESTAMP) >= p.period_start AND CAST(d.day AS TIMESTAMP) < p.period_end
    JOIN slo_objective AS o ON o.slo = d.slo AND o.objective = d.objective
    GROUP BY p.grain, p.period_start, p.period_end, o.slo, o.objective, o.service, o.team, o.target
    HAVING sum(d.total) > 0
),
kept AS (
    SELECT
        grain, period_start, period_end, slo, max(service) AS service, max(team) AS team,
        min(CASE WHEN good >= CAST(target AS DOUBLE) * total * (1 - 1e-12) THEN 1 ELSE 0 END) AS met
    FROM counted
    GROUP BY grain, period_start, period_end, slo
),
scoped AS (
    SELECT grain, period_start, period_end, 'platform' AS scope, met FROM kept
    UNION ALL
    SELECT grain, period_start, period_end, concat('team:', team), met FROM kept WHERE team IS NOT NULL
    UNION ALL
    SELECT grain, period_start, period_end, concat('service:', service), met FROM kept WHERE service IS NOT NULL
)
SELECT
    grain, period_start, period_end, scope, CAST(sum(met) AS DOUBLE) AS numerator,
    CAST(count(*) AS DOUBLE) AS denominator, CAST(count(*) AS BIGINT) AS n
FROM scoped
GROUP BY grain, period_start, period_end, scope
