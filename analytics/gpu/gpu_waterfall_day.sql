/*
---
kind: result
title: GPU-hours waterfall
question: Where did the GPU-hours go, from what was bought to what did work?
formula: capacity = unavailable + unallocated + idle + unmeasured + ineffective + effective
source: definitions of the GPU-hours waterfall in docs/gpu.md
missing: hours without a signal are shown as unmeasured
---
*/
WITH node AS (
    SELECT day, cluster, gpu_model,
           sum(capacity_s) AS capacity_s, sum(unavailable_s) AS unavailable_s, sum(held_s) AS held_s
    FROM gpu_node_halfhour
    GROUP BY day, cluster, gpu_model
),
pod AS (
    SELECT n.day, n.cluster, n.gpu_model,
           sum(p.unmeasured_s) AS unmeasured_s, sum(p.effective_s) AS effective_s, sum(p.idle_s) AS idle_s
    FROM gpu_pod_halfhour AS p
    JOIN gpu_node_halfhour AS n
        ON n.half_hour = p.half_hour AND n.cluster IS NOT DISTINCT FROM p.cluster AND n.node = p.node
    GROUP BY n.day, n.cluster, n.gpu_model
)
SELECT
    node.day, node.cluster, node.gpu_model,
    node.capacity_s / 3600 AS capacity_h,
    node.unavailable_s / 3600 AS unavailable_h,
    (node.capacity_s - node.unavailable_s - node.held_s) / 3600 AS unallocated_h,
    coalesce(pod.idle_s, 0) / 3600 AS idle_h,
    coalesce(pod.unmeasured_s, 0) / 3600 AS unmeasured_h,
    (node.held_s - coalesce(pod.idle_s + pod.unmeasured_s + pod.effective_s, 0)) / 3600 AS ineffective_h,
    coalesce(pod.effective_s, 0) / 3600 AS effective_h,
    node.held_s / 3600 AS allocated_h
FROM node
LEFT JOIN pod
    ON pod.day = node.day AND pod.cluster IS NOT DISTINCT FROM node.cluster
    AND pod.gpu_model IS NOT DISTINCT FROM node.gpu_model
ORDER BY node.day, node.cluster, node.gpu_model
