/*
---
kind: daily
question: How much of which GPU did each pod hold in each time slice of a day?
formula: sum of milli-unit-seconds over the 5-minute facts of the slice
source: gpu_allocation
missing: the GPU model comes from the node's devices where the node has no label, else it is null
---
*/
WITH bucket AS (  -- a slice for each 5 minutes, so that the many facts are joined to it by equality
    SELECT seen.ts, s.slice_start
    FROM (SELECT DISTINCT ts FROM gpu_allocation WHERE ts >= $start AND ts < $end) AS seen
    JOIN time_slice AS s ON s.day = CAST(seen.ts AS DATE) AND seen.ts >= s.slice_start AND seen.ts < s.slice_end
),
held AS (
    SELECT
        b.slice_start, a.cluster, a.node, a.namespace, a.pod, a.resource, a.gpu_model, a.share_num, a.share_den,
        CAST(sum(a.milli_unit_seconds) AS BIGINT) AS milli_unit_seconds
    FROM gpu_allocation AS a
    JOIN bucket AS b ON b.ts = a.ts
    WHERE a.ts >= $start AND a.ts < $end
    GROUP BY
        b.slice_start, a.cluster, a.node, a.namespace, a.pod, a.resource, a.gpu_model, a.share_num, a.share_den
),
model AS (
    SELECT CAST(ts AS DATE) AS day, cluster, node, max(gpu_model) AS gpu_model  -- by day: a day is the same computed alone
    FROM gpu_activity
    WHERE ts >= $start AND ts < $end
    GROUP BY CAST(ts AS DATE), cluster, node
)
SELECT
    CAST(h.slice_start AS DATE) AS day, h.slice_start, h.cluster, h.node, h.namespace, h.pod, h.resource,
    coalesce(h.gpu_model, model.gpu_model) AS gpu_model, h.share_num, h.share_den,
    CAST(sum(h.milli_unit_seconds) AS BIGINT) AS milli_unit_seconds
FROM held AS h
LEFT JOIN model
    ON model.day = CAST(h.slice_start AS DATE) AND model.cluster IS NOT DISTINCT FROM h.cluster AND model.node = h.node
GROUP BY
    h.slice_start, h.cluster, h.node, h.namespace, h.pod, h.resource, coalesce(h.gpu_model, model.gpu_model),
    h.share_num, h.share_den
