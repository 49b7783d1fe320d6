/*
---
kind: intermediate
question: How much of which resource did each node have in each time slice?
formula: capacity of GPUs, CPU and memory in the units of held_quantity
source: gpu_capacity_day and compute_capacity_day
missing: a node whose capacity was not collected has no row
---
*/
SELECT
    day, slice_start, cluster, node, 'gpu' AS kind, resource, gpu_model, share_num, share_den,
    CAST(milli_unit_seconds AS DECIMAL(38, 0)) AS quantity
FROM gpu_capacity_day
UNION ALL
SELECT
    day, slice_start, cluster, node, resource, resource, CAST(NULL AS VARCHAR),
    CAST(CASE WHEN resource = 'memory' THEN 125 ELSE 1 END AS BIGINT),
    CAST(CASE WHEN resource = 'memory' THEN 134217728 ELSE 1 END AS BIGINT), capacity
FROM compute_capacity_day
