/*
---
kind: kpi
title: Drift detection coverage
question: Which share of production models has a drift monitor that reported lately?
formula: models whose last result before the window's end (or now) is younger than 2 periods / production models
source: KPI 12
unit: ratio
direction: up
target: {op: ">=", value: 0.80, stretch: 1.0}
missing: a silent monitor does not cover; no_data without models
facts: [drift_score]
---
*/
WITH moment AS (
    SELECT grain, period_start, period_end, least(period_end, CAST($now AS TIMESTAMP)) AS at
    FROM period
),
state AS (
    SELECT
        m.grain, m.period_start, m.period_end, s.model, s.tier,
        max(CASE WHEN r.ts >= m.at - s.drift_every_s * $drift_periods * INTERVAL 1 SECOND AND r.ts < m.at
                 THEN 1 ELSE 0 END) AS covered
    FROM moment AS m
    CROSS JOIN service AS s
    LEFT JOIN drift_result AS r ON r.model = s.model
    WHERE s.model IS NOT NULL
    GROUP BY m.grain, m.period_start, m.period_end, s.model, s.tier
),
scoped AS (
    SELECT grain, period_start, period_end, 'platform' AS scope, model, max(covered) AS covered  -- one model, many services
    FROM state
    GROUP BY grain, period_start, period_end, model
    UNION ALL
    SELECT grain, period_start, period_end, concat('tier:', CAST(tier AS VARCHAR)), model, covered FROM state
)
SELECT
    grain, period_start, period_end, scope,
    CAST(sum(covered) AS DOUBLE) AS numerator, CAST(count(*) AS DOUBLE) AS denominator, CAST(count(*) AS BIGINT) AS n
FROM scoped
GROUP BY grain, period_start, period_end, scope
