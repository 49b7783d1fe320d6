/*
---
kind: kpi
title: GPU utilization efficiency
question: How much of the GPU time that teams hold does work?
formula: effective GPU-seconds / measured allocated GPU-seconds
source: "KPI 10; effective = allocated x SM_ACTIVE, else GR_ENGINE_ACTIVE, else GPU_UTIL"
unit: ratio
direction: up
target: {op: ">=", value: 0.40, stretch: 0.60}
missing: GPU-seconds without a signal are outside of the ratio
facts: [gpu_allocation, gpu_activity]
---
*/
WITH day AS (
    SELECT day, coalesce(t.team, '__unallocated__') AS team,
           sum(p.effective_s) AS effective_s, sum(p.held_s - p.unmeasured_s) AS measured_s,
           sum(CASE WHEN p.held_s > p.unmeasured_s THEN 1 ELSE 0 END) AS half_hours
    FROM gpu_pod_halfhour AS p
    LEFT JOIN namespace_team AS t ON t.namespace = p.namespace
    GROUP BY day, coalesce(t.team, '__unallocated__')
),
scoped AS (
    SELECT day, 'platform' AS scope, effective_s, measured_s, half_hours FROM day
    UNION ALL
    SELECT day, concat('team:', team), effective_s, measured_s, half_hours FROM day
)
SELECT
    p.grain, p.period_start, p.period_end, s.scope,
    sum(s.effective_s) AS numerator, sum(s.measured_s) AS denominator, CAST(sum(s.half_hours) AS BIGINT) AS n
FROM period AS p
JOIN scoped AS s ON s.day >= CAST(p.period_start AS DATE) AND s.day < CAST(p.period_end AS DATE)
GROUP BY p.grain, p.period_start, p.period_end, s.scope
