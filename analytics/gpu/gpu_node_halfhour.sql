/*
---
kind: daily
question: What did each node have in each half hour, and what of it could not be used or was not requested?
formula: >
  unavailable = capacity that was not ready and not held; unallocated = capacity - unavailable - held
source: kube_node_status_capacity, kube_node_status_allocatable and the Ready condition of kube-state-metrics
missing: a node without a Ready condition counts as ready
---
*/
WITH capacity AS (
    SELECT
        CAST(ts AS DATE) AS day,
        date_trunc('hour', ts)
            + CASE WHEN extract(minute FROM ts) >= 30 THEN INTERVAL 30 MINUTE ELSE INTERVAL 0 MINUTE END AS half_hour,
        cluster, node,
        max(gpu_model) AS gpu_model,
        sum(capacity_milli_unit_seconds / 1e3 * share_num / share_den) AS capacity_s,
        sum(ready_milli_unit_seconds / 1e3 * share_num / share_den) AS ready_s
    FROM gpu_capacity
    WHERE ts >= $start AND ts < $end
    GROUP BY 1, 2, cluster, node
),
held AS (
    SELECT half_hour, cluster, node, sum(held_s) AS held_s
    FROM gpu_pod_halfhour
    WHERE day >= CAST($start AS DATE) AND day < CAST($end AS DATE)
    GROUP BY half_hour, cluster, node
),
model AS (
    SELECT day, cluster, node, max(gpu_model) AS gpu_model  -- by day, so that a day is the same computed alone or not
    FROM gpu_device_halfhour
    WHERE day >= CAST($start AS DATE) AND day < CAST($end AS DATE)
    GROUP BY day, cluster, node
)
SELECT
    capacity.day, capacity.half_hour, capacity.cluster, capacity.node,
    coalesce(capacity.gpu_model, model.gpu_model) AS gpu_model,
    capacity.capacity_s,
    coalesce(held.held_s, 0) AS held_s,
    greatest(capacity.capacity_s - greatest(capacity.ready_s, coalesce(held.held_s, 0)), 0) AS unavailable_s
FROM capacity
LEFT JOIN held
    ON held.half_hour = capacity.half_hour AND held.cluster IS NOT DISTINCT FROM capacity.cluster
    AND held.node = capacity.node
LEFT JOIN model
    ON model.day = capacity.day AND model.cluster IS NOT DISTINCT FROM capacity.cluster AND model.node = capacity.node
