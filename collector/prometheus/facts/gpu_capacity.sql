-- rollup -> gpu_capacity: what nodes have, what they may give, and what of it was on a node that was Ready.
WITH level AS (  -- two instances of kube-state-metrics report the same: the larger, not the sum
    SELECT cluster, node, resource, ts, measure, exporter,
           sum(value_s) AS value_s
    FROM rollup
    WHERE measure IN ('gpu_capacity', 'gpu_allocatable')
    GROUP BY ALL
),
capacity AS (
    SELECT cluster, node, resource, ts,
           max(round(value_s * 1000)) FILTER (measure = 'gpu_capacity') AS capacity,
           max(round(value_s * 1000)) FILTER (measure = 'gpu_allocatable') AS allocatable
    FROM level
    GROUP BY ALL
),
ready AS (
    SELECT cluster, node, ts, max(value_s) AS ready_s, max(covered_s) AS covered_s
    FROM rollup
    WHERE measure = 'node_ready'
    GROUP BY ALL
),
node_label AS (
    SELECT cluster, node, max(gpu_model) AS gpu_model, max(try_cast(replicas AS BIGINT)) AS replicas
    FROM rollup
    WHERE measure = 'node_label'
    GROUP BY ALL
)
SELECT
    capacity.cluster, capacity.node, capacity.resource,
    regexp_replace(node_label.gpu_model, '-(SHARED|MIG-.*)$', '') AS gpu_model,
    CASE WHEN share.name IS NOT NULL THEN share.num ELSE 1 END AS share_num,
    CASE WHEN share.name IS NOT NULL THEN share.den ELSE greatest(coalesce(node_label.replicas, 1), 1) END AS share_den,
    capacity.ts,
    capacity::BIGINT AS capacity_milli_unit_seconds,
    least(coalesce(allocatable, capacity), capacity)::BIGINT AS allocatable_milli_unit_seconds,
    -- without a Ready condition (not collected) the node counts as ready: only a stated NotReady takes capacity away
    round(least(coalesce(allocatable, capacity), capacity)
        * coalesce(ready_s / nullif(covered_s, 0), 1))::BIGINT AS ready_milli_unit_seconds
FROM capacity
LEFT JOIN ready USING (cluster, node, ts)
LEFT JOIN node_label USING (cluster, node)
LEFT JOIN share ON share.name = capacity.resource
WHERE capacity > 0
