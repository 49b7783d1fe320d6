/*
---
kind: daily
question: How much of which GPU did each node have in each time slice of a day?
formula: sum of milli-unit-seconds of capacity over the 5-minute facts of the slice; covered_s = seconds that were collected
source: gpu_capacity
missing: a node whose capacity was not collected has no row; nothing is invented for it
---
*/
WITH model AS (
    SELECT CAST(ts AS DATE) AS day, cluster, node, max(gpu_model) AS gpu_model  -- by day: a day is the same computed alone
    FROM gpu_activity
    WHERE ts >= $start AND ts < $end
    GROUP BY CAST(ts AS DATE), cluster, node
)
SELECT
    CAST(c.ts AS DATE) AS day, s.slice_start, c.cluster, c.node, c.resource,
    coalesce(c.gpu_model, model.gpu_model) AS gpu_model, c.share_num, c.share_den,
    CAST(sum(c.capacity_milli_unit_seconds) AS BIGINT) AS milli_unit_seconds, 300 * count(DISTINCT c.ts) AS covered_s
FROM gpu_capacity AS c
JOIN time_slice AS s ON s.day = CAST(c.ts AS DATE) AND c.ts >= s.slice_start AND c.ts < s.slice_end
LEFT JOIN model
    ON model.day = CAST(c.ts AS DATE) AND model.cluster IS NOT DISTINCT FROM c.cluster AND model.node = c.node
WHERE c.ts >= $start AND c.ts < $end
GROUP BY
    CAST(c.ts AS DATE), s.slice_start, c.cluster, c.node, c.resource, coalesce(c.gpu_model, model.gpu_model),
    c.share_num, c.share_den
