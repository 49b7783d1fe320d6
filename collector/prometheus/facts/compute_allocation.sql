-- rollup -> compute_allocation: what pods requested and used of CPU (millicore-seconds) and memory (byte-seconds).
--
-- The request counts as that of GPUs does: while the pod is bound, and Pending or Running. What a container used is
-- compared with what it requested in the same bucket, so `larger` is a sum over containers; of one that is not measured
-- the request is taken. Use is stored as it is reported, negative values too.
WITH asked AS (  -- two instances of kube-state-metrics report the same: the larger, not the sum
    SELECT cluster, node, namespace, pod, coalesce(uid, '') AS uid, container, resource, ts,
           max(round("max" * CASE WHEN resource = 'cpu' THEN 1000 ELSE 1 END))::BIGINT AS units,
           max(covered_s)::BIGINT AS covered_s
    FROM rollup
    WHERE measure = 'request' AND resource IN ('cpu', 'memory') AND coalesce(node, '') <> ''
    GROUP BY ALL
),
phase AS (
    SELECT cluster, namespace, pod, coalesce(uid, '') AS uid, ts,
           (coalesce(max(value_s) FILTER (state = 'Pending'), 0) + coalesce(max(value_s) FILTER (state = 'Running'), 0))
               ::BIGINT AS bound_s
    FROM rollup
    WHERE measure = 'pod_phase'
    GROUP BY ALL
),
requested AS (
    SELECT asked.cluster, node, asked.namespace, asked.pod, container, resource, asked.ts,
           units * least(covered_s, bound_s) AS requested
    FROM asked
    JOIN phase
        ON phase.cluster IS NOT DISTINCT FROM asked.cluster AND phase.namespace = asked.namespace
        AND phase.pod = asked.pod AND phase.uid = asked.uid AND phase.ts = asked.ts
    WHERE least(covered_s, bound_s) > 0
),
exporter_use AS (
    -- a container that restarted has a series, and a cgroup (device), for each of its lives; where two scrapes report one
    -- cgroup, one of them was chosen already, where cgroups are not named, the larger exporter counts
    SELECT cluster, max(node) AS node, namespace, pod, container, measure, ts, sum(value_s) AS used,
           CASE WHEN device IS NULL THEN exporter END AS speaker
    FROM rollup
    WHERE measure IN ('cpu_use', 'memory_use') AND namespace IS NOT NULL AND pod IS NOT NULL
    GROUP BY cluster, namespace, pod, container, measure, ts, speaker
),
measured AS (
    SELECT cluster, max(node) AS node, namespace, pod, container, replace(measure, '_use', '') AS resource, ts,
           max(round(used))::BIGINT AS used
    FROM exporter_use
    GROUP BY cluster, namespace, pod, container, measure, ts
),
place AS (  -- the node as Kubernetes calls it, where a pod had only one in the bucket
    SELECT cluster, namespace, pod, ts, CASE WHEN min(node) = max(node) THEN min(node) END AS node
    FROM requested
    GROUP BY ALL
),
container_sum AS (
    SELECT cluster, node, namespace, pod, container, resource, ts, sum(requested) AS requested, sum(used) AS used
    FROM (
        SELECT cluster, node, namespace, pod, container, resource, ts, requested, NULL::BIGINT AS used
        FROM requested
        UNION ALL
        SELECT measured.cluster, coalesce(place.node, measured.node), measured.namespace, measured.pod, container,
               resource, measured.ts, 0, used
        FROM measured
        LEFT JOIN place
            ON place.cluster IS NOT DISTINCT FROM measured.cluster AND place.namespace = measured.namespace
            AND place.pod = measured.pod AND place.ts = measured.ts
    )
    GROUP BY ALL
)
SELECT cluster, node, namespace, pod, resource, ts, sum(requested)::BIGINT AS requested, sum(used)::BIGINT AS used,
       sum(greatest(requested, used))::BIGINT AS larger
FROM container_sum
GROUP BY ALL
HAVING sum(requested) > 0 OR sum(used) IS NOT NULL
