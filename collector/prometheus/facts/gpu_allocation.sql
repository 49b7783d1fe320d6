-- rollup -> gpu_allocation: what pods requested and held, in milli-unit-seconds.
--
-- A finished pod keeps its request series until it is deleted, so the request counts only while the pod's phase is
-- Pending or Running; a pod without a node waits and holds nothing. When a pod is bound within a bucket, its series with
-- the node label covers only the time since then, and the smaller of the two times is what it held.
WITH container_request AS (  -- two instances of kube-state-metrics report the same: the larger, not the sum
    SELECT cluster, namespace, pod, coalesce(uid, '') AS uid, resource, node, container, ts,
           max(round("max" * 1000))::BIGINT AS milli, max(covered_s)::BIGINT AS covered_s
    FROM rollup
    WHERE measure = 'gpu_request' AND coalesce(node, '') <> ''
    GROUP BY ALL
),
request AS (
    SELECT cluster, namespace, pod, uid, resource, node, ts, sum(milli)::BIGINT AS milli, max(covered_s) AS covered_s
    FROM container_request
    GROUP BY ALL
),
instance_phase AS (
    SELECT cluster, namespace, pod, coalesce(uid, '') AS uid, state, ts, max(value_s)::BIGINT AS seconds
    FROM rollup
    WHERE measure = 'pod_phase'
    GROUP BY ALL
),
phase AS (
    SELECT cluster, namespace, pod, uid, ts,
           coalesce(sum(seconds) FILTER (state = 'Pending'), 0)::BIGINT AS pending_s,
           coalesce(sum(seconds) FILTER (state = 'Running'), 0)::BIGINT AS running_s
    FROM instance_phase
    GROUP BY ALL
),
started AS (
    SELECT cluster, namespace, pod, coalesce(uid, '') AS uid,
           coalesce(min("min") FILTER (measure = 'pod_started'), min("min") FILTER (measure = 'pod_created')) AS epoch
    FROM rollup
    WHERE measure IN ('pod_started', 'pod_created')
    GROUP BY ALL
),
node_label AS (
    SELECT cluster, node, max(gpu_model) AS gpu_model, max(try_cast(replicas AS BIGINT)) AS replicas
    FROM rollup
    WHERE measure = 'node_label'
    GROUP BY ALL
)
SELECT
    request.cluster, request.node, request.namespace, request.pod, request.uid, request.resource,
    regexp_replace(node_label.gpu_model, '-(SHARED|MIG-.*)$', '') AS gpu_model,
    CASE WHEN share.name IS NOT NULL THEN share.num ELSE 1 END AS share_num,
    CASE WHEN share.name IS NOT NULL THEN share.den ELSE greatest(coalesce(node_label.replicas, 1), 1) END AS share_den,
    make_timestamp((started.epoch * 1000000)::BIGINT) AS started_at,
    request.ts,
    milli * least(covered_s, pending_s + running_s) AS milli_unit_seconds,
    milli * greatest(least(covered_s, pending_s + running_s) - running_s, 0) AS starting_milli_unit_seconds
FROM request
JOIN phase USING (cluster, namespace, pod, uid, ts)
LEFT JOIN started USING (cluster, namespace, pod, uid)
LEFT JOIN node_label USING (cluster, node)
LEFT JOIN share ON share.name = request.resource
WHERE milli * least(covered_s, pending_s + running_s) > 0
