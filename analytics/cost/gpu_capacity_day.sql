/*
---
kind: daily
question: How much of which GPU did each node have on each day, at which price?
formula: sum of milli-unit-seconds of capacity by day and price
source: gpu_capacity and prices.gpu_hour of the configuration
missing: price is null where the GPU model has none then
---
*/
WITH model AS (
    SELECT CAST(ts AS DATE) AS day, cluster, node, max(gpu_model) AS gpu_model  -- by day: a day is the same computed alone
    FROM gpu_activity
    WHERE ts >= $start AND ts < $end
    GROUP BY CAST(ts AS DATE), cluster, node
)
SELECT
    CAST(c.ts AS DATE) AS day, c.cluster, c.node, c.resource,
    coalesce(c.gpu_model, model.gpu_model) AS gpu_model,
    c.share_num, c.share_den, price.price,
    CAST(sum(c.capacity_milli_unit_seconds) AS BIGINT) AS milli_unit_seconds
FROM gpu_capacity AS c
LEFT JOIN model
    ON model.day = CAST(c.ts AS DATE) AND model.cluster IS NOT DISTINCT FROM c.cluster AND model.node = c.node
LEFT JOIN gpu_price AS price
    ON price.gpu_model = coalesce(c.gpu_model, model.gpu_model) AND c.ts >= price.valid_from
    AND (price.valid_to IS NULL OR c.ts < price.valid_to)
WHERE c.ts >= $start AND c.ts < $end
GROUP BY
    CAST(c.ts AS DATE), c.cluster, c.node, c.resource, coalesce(c.gpu_model, model.gpu_model), c.share_num,
    c.share_den, price.price
