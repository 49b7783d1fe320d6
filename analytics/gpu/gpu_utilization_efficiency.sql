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
scopes: [team]
---
*/
SELECT
    p.day, coalesce(t.team, '__unallocated__') AS team,
    sum(p.effective_s) AS numerator,
    sum(p.held_s - p.unmeasured_s) AS denominator,
    sum(CASE WHEN p.held_s > p.unmeasured_s THEN 1 ELSE 0 END) AS n
FROM gpu_pod_halfhour AS p
LEFT JOIN namespace_team AS t ON t.day = p.day AND t.namespace = p.namespace
GROUP BY p.day, coalesce(t.team, '__unallocated__')
