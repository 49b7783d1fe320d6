-- rollup -> compute_capacity: CPU (millicore-seconds) and memory (byte-seconds) of nodes.
WITH level AS (
    SELECT cluster, node, resource, ts, exporter,
           sum(value_s * CASE WHEN resource = 'cpu' THEN 1000 ELSE 1 END) AS unit_seconds
    FROM rollup
    WHERE measure = 'capacity' AND resource IN ('cpu', 'memory')
    GROUP BY ALL
)
-- two instances of kube-state-metrics report the same: the larger, not the sum
SELECT cluster, node, resource, ts, max(round(unit_seconds))::BIGINT AS capacity
FROM level
WHERE unit_seconds > 0
GROUP BY ALL
