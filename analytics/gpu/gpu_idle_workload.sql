/*
---
kind: result
title: Idle workloads
question: Which pods hold GPUs that do nothing, since when, and what does it cost?
formula: pods with at least one idle GPU-hour in the last 30 days; cost = idle GPU-hours x the price valid then
source: gpu_pod_halfhour and the price list
missing: cost is null where the GPU model has no price
---
*/
WITH recent AS (
    SELECT p.*, price.price
    FROM gpu_pod_halfhour AS p
    LEFT JOIN gpu_price AS price
        ON price.gpu_model = p.gpu_model AND p.half_hour >= price.valid_from
        AND (price.valid_to IS NULL OR p.half_hour < price.valid_to)
    WHERE p.half_hour >= CAST($now AS TIMESTAMP) - $recent_days * INTERVAL 1 DAY
)
SELECT
    coalesce(max(t.team), '__unallocated__') AS team, r.cluster, r.namespace, r.pod, max(r.gpu_model) AS gpu_model,
    sum(r.idle_s) / 3600 AS idle_h, sum(r.held_s) / 3600 AS allocated_h,
    min(CASE WHEN r.idle_s > 0 THEN r.half_hour END) AS first_idle,
    max(CASE WHEN r.idle_s > 0 THEN r.half_hour END) + INTERVAL 30 MINUTE AS last_idle,
    CAST(round(sum(r.idle_s / 3600 * r.price), 2) AS DECIMAL(18, 2)) AS cost
FROM recent AS r
LEFT JOIN namespace_team AS t ON t.namespace = r.namespace
GROUP BY r.cluster, r.namespace, r.pod
HAVING sum(r.idle_s) >= 3600
ORDER BY idle_h DESC, r.cluster, r.namespace, r.pod
