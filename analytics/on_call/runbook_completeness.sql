/*
---
kind: kpi
title: Runbook completeness
question: Which share of the page rules of tier-1 services has a runbook that is there and was reviewed lately?
formula: page rules of tier 1 whose runbook answers and was reviewed less than 180 days ago / page rules of tier 1
source: KPI 14
unit: ratio
direction: up
target: {op: "==", value: 1.0}
missing: >
  only the windows that now lies in have a value, as rules of the past are not known; a runbook that was never asked for
  is not complete; no_data without such rules
facts: [runbook_check]
---
*/
SELECT
    p.grain, p.period_start, p.period_end, 'platform' AS scope,
    CAST(sum(CASE WHEN r.status = 'complete' THEN 1 ELSE 0 END) AS DOUBLE) AS numerator,
    CAST(count(*) AS DOUBLE) AS denominator, CAST(count(*) AS BIGINT) AS n
FROM period AS p
CROSS JOIN runbook_status AS r
WHERE r.tier = 1 AND p.period_start <= CAST($now AS TIMESTAMP) AND p.period_end > CAST($now AS TIMESTAMP)
GROUP BY p.grain, p.period_start, p.period_end
