/*
---
kind: daily
question: How much of which GPU did each pod hold on each day, at which price?
formula: sum of milli-unit-seconds by day and price; a price counts from its `from` to its `to`, half-open
source: gpu_allocation and prices.gpu_hour of the configuration
missing: price is null where the GPU model has none then; the GPU model comes from the device where the node has no label
---
*/
WITH model AS (
    SELECT CAST(ts AS DATE) AS day, cluster, node, max(gpu_model) AS gpu_model  -- by day: a day is the same computed alone
    FROM gpu_activity
    WHERE ts >= $start AND ts < $end
    GROUP BY CAST(ts AS DATE), cluster, node
)
SELECT
    CAST(a.ts AS DATE) AS day, a.cluster, a.node, a.namespace, a.pod, a.resource,
    coalesce(a.gpu_model, model.gpu_model) AS gpu_model,
    a.share_num, a.share_den, price.price,
    CAST(sum(a.milli_unit_seconds) AS BIGINT) AS milli_unit_seconds
FROM gpu_allocation AS a
LEFT JOIN model
    ON model.day = CAST(a.ts AS DATE) AND model.cluster IS NOT DISTINCT FROM a.cluster AND model.node = a.node
LEFT JOIN gpu_price AS price
    ON price.gpu_model = coalesce(a.gpu_model, model.gpu_model) AND a.ts >= price.valid_from
    AND (price.valid_to IS NULL OR a.ts < price.valid_to)
WHERE a.ts >= $start AND a.ts < $end
GROUP BY
    CAST(a.ts AS DATE), a.cluster, a.node, a.namespace, a.pod, a.resource, coalesce(a.gpu_model, model.gpu_model),
    a.share_num, a.share_den, price.price
