/*
---
kind: intermediate
question: What was held by pods and what by nobody, on which kind of node, in each time slice?
formula: >
  idle = capacity - held of the same node, resource and share, never below 0; MIG slices scaled to the cards that they
  were cut from, what no slice can use is idle too
source: held_quantity, node_quantity, mig_scale, node_attribute_day, cluster_region
missing: >
  a node without a capacity type is on demand; a node without collected capacity has no idle; CPU and memory are left out
  where they have no price at all
---
*/
WITH charged AS (  -- where CPU and memory have no prices at all, they are no part of the bill, rather than a gap in it
    SELECT 'gpu' AS kind
    UNION
    SELECT DISTINCT kind FROM price
),
held AS (
    SELECT slice_start, cluster, node, kind, resource, gpu_model, share_num, share_den, sum(quantity) AS quantity
    FROM held_quantity
    GROUP BY slice_start, cluster, node, kind, resource, gpu_model, share_num, share_den
),
everything AS (
    SELECT
        'allocation' AS charge, day, slice_start, cluster, node, namespace, pod, kind, resource, gpu_model, share_num,
        share_den, quantity, used
    FROM held_quantity
    WHERE kind IN (SELECT kind FROM charged)
    UNION ALL
    SELECT
        'idle', n.day, n.slice_start, n.cluster, n.node, CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), n.kind, n.resource,
        n.gpu_model, n.share_num, n.share_den, n.quantity - coalesce(h.quantity, 0), CAST(0 AS DECIMAL(38, 0))
    FROM node_quantity AS n
    LEFT JOIN held AS h
        ON h.slice_start = n.slice_start AND h.cluster IS NOT DISTINCT FROM n.cluster AND h.node = n.node
        AND h.kind = n.kind AND h.resource = n.resource AND h.gpu_model IS NOT DISTINCT FROM n.gpu_model
        AND h.share_num = n.share_num AND h.share_den = n.share_den
    WHERE n.quantity > coalesce(h.quantity, 0) AND n.kind IN (SELECT kind FROM charged)
),
scaled AS (
    SELECT
        e.charge, e.day, e.slice_start, e.cluster, e.node, e.namespace, e.pod, e.kind, e.resource, e.gpu_model,
        e.share_num * coalesce(m.num, 1) AS share_num, e.share_den * coalesce(m.den, 1) AS share_den, e.quantity, e.used
    FROM everything AS e
    LEFT JOIN mig_scale AS m
        ON e.kind = 'gpu' AND m.slice_start = e.slice_start AND m.cluster IS NOT DISTINCT FROM e.cluster
        AND m.node = e.node
    UNION ALL
    SELECT
        'idle', day, slice_start, cluster, node, CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), 'gpu', 'no slice fits',
        gpu_model, CAST(1 AS BIGINT), CAST(1 AS BIGINT), CAST(rest_milli AS DECIMAL(38, 0)), CAST(0 AS DECIMAL(38, 0))
    FROM mig_scale
    WHERE rest_milli > 0
)
SELECT
    s.charge, s.day, s.slice_start, s.cluster, coalesce(a.region, r.region) AS region, a.instance_type,
    coalesce(a.capacity_type, 'on_demand') AS pricing, s.node, s.namespace, s.pod, s.kind, s.resource, s.gpu_model,
    s.share_num, s.share_den, s.quantity, s.used
FROM scaled AS s
LEFT JOIN node_attribute_day AS a
    ON a.day = s.day AND a.cluster IS NOT DISTINCT FROM s.cluster AND a.node = s.node
LEFT JOIN cluster_region AS r ON r.cluster = s.cluster
