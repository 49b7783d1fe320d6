-- rollup -> gpu_capacity: what nodes have, what they may give, and what of it was on a node that was Ready.
--
-- A node that shares cards may offer them in several resources, and more of them than there are (a vGPU plugin multiplies
-- them). They are never more than any of the resources says, nor than the cards x replicas of the node's labels.
WITH level AS (
    SELECT cluster, node, rollup.resource AS name, coalesce(fraction.resource, rollup.resource) AS resource, ts, measure,
           exporter, sum(value_s) / coalesce(fraction.per, 1) AS cards_s, max(covered_s) AS covered_s
    FROM rollup
    LEFT JOIN fraction ON fraction.name = rollup.resource
    WHERE measure IN ('capacity', 'allocatable') AND rollup.resource NOT IN ('cpu', 'memory')
        AND coalesce(fraction.capacity, true)
    GROUP BY cluster, node, rollup.resource, fraction.resource, fraction.per, ts, measure, exporter
    HAVING cards_s > 0
),
offered AS (  -- two instances of kube-state-metrics report the same: the larger, not the sum
    SELECT cluster, node, name, resource, ts, measure, max(cards_s) AS cards_s, max(covered_s) AS covered_s
    FROM level
    GROUP BY ALL
),
node_label AS (
    SELECT cluster, node, max(gpu_model) AS gpu_model, max(try_cast(gpus AS BIGINT)) AS gpus,
           greatest(coalesce(max(try_cast(replicas AS BIGINT)), 1), 1) AS replicas,
           regexp_extract(max(gpu_model), '-MIG-([^-]+)', 1) AS mig  -- one strategy: every "GPU" is such a slice
    FROM rollup
    WHERE measure = 'node_label'
    GROUP BY ALL
),
physical AS (
    SELECT cluster, node, resource, ts, max(covered_s) AS covered_s,
           min(cards_s) FILTER (measure = 'capacity') AS capacity_s,
           min(cards_s) FILTER (measure = 'allocatable') AS allocatable_s
    FROM offered
    GROUP BY ALL
),
capacity AS (
    SELECT physical.cluster, physical.node, physical.resource, ts, gpu_model, coalesce(replicas, 1) AS replicas,
           fraction.name IS NOT NULL AS card, mig,
           CASE WHEN card THEN gpus * replicas * covered_s END AS labelled_s,
           round(1000 * least(capacity_s, labelled_s)) AS capacity,
           round(1000 * least(allocatable_s, capacity_s, labelled_s)) AS allocatable
    FROM physical
    LEFT JOIN node_label
        ON node_label.cluster IS NOT DISTINCT FROM physical.cluster AND node_label.node = physical.node
    LEFT JOIN fraction ON fraction.name = physical.resource
),
ready AS (
    SELECT cluster, node, ts, max(value_s) AS ready_s, max(covered_s) AS covered_s
    FROM rollup
    WHERE measure = 'node_ready'
    GROUP BY ALL
)
SELECT
    capacity.cluster, capacity.node, capacity.resource,
    regexp_replace(gpu_model, '-(SHARED|MIG-.*)$', '') AS gpu_model,
    coalesce(share.num, 1) AS share_num,
    coalesce(share.den, 1) * CASE WHEN share.name = capacity.resource THEN 1 ELSE replicas END AS share_den,
    capacity.ts,
    capacity::BIGINT AS capacity_milli_unit_seconds,
    allocatable::BIGINT AS allocatable_milli_unit_seconds,
    -- without a Ready condition (not collected) the node counts as ready: only a stated NotReady takes capacity away
    round(allocatable * coalesce(ready_s / nullif(covered_s, 0), 1))::BIGINT AS ready_milli_unit_seconds
FROM capacity
LEFT JOIN ready
    ON ready.cluster IS NOT DISTINCT FROM capacity.cluster AND ready.node = capacity.node AND ready.ts = capacity.ts
LEFT JOIN share ON share.name = CASE WHEN card AND mig <> '' THEN mig ELSE capacity.resource END
WHERE capacity > 0
