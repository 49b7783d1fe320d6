/*
---
kind: result
title: Idle workloads
question: Which pods hold GPUs that do nothing, since when, and what does it cost?
formula: pods with at least one idle GPU-hour in the last 30 days; cost = idle GPU-hours x what the pod's GPU-hours cost that day
source: gpu_pod_halfhour and cost_current
missing: cost is null where the GPU model has no price
---
*/
WITH rate AS (
    SELECT day, cluster, namespace, pod, sum(cost) / nullif(sum(CASE WHEN cost IS NOT NULL THEN gpu_hours END), 0) AS price
    FROM cost_current
    WHERE kind = 'gpu' AND charge IN ('allocation', 'shared')
    GROUP BY day, cluster, namespace, pod
),
recent AS (
    SELECT p.*, rate.price
    FROM gpu_pod_halfhour AS p
    LEFT JOIN rate
        ON rate.day = p.day AND rate.cluster IS NOT DISTINCT FROM p.cluster AND rate.namespace = p.namespace
        AND rate.pod = p.pod
    WHERE p.half_hour >= CAST($now AS TIMESTAMP) - $recent_days * INTERVAL 1 DAY
)
SELECT
    coalesce(max(t.team), '__unallocated__') AS team, r.cluster, r.namespace, r.pod, max(r.gpu_model) AS gpu_model,
    sum(r.idle_s) / 3600 AS idle_h, sum(r.held_s) / 3600 AS allocated_h,
    min(CASE WHEN r.idle_s > 0 THEN r.half_hour END) AS first_idle,
    max(CASE WHEN r.idle_s > 0 THEN r.half_hour END) + INTERVAL 30 MINUTE AS last_idle,
    CAST(round(sum(r.idle_s / 3600 * r.price), 2) AS DECIMAL(18, 2)) AS cost
FROM recent AS r
LEFT JOIN namespace_team AS t ON t.day = r.day AND t.namespace = r.namespace
GROUP BY r.cluster, r.namespace, r.pod
HAVING sum(r.idle_s) >= 3600
ORDER BY idle_h DESC, r.cluster, r.namespace, r.pod
