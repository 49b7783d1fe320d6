-- rollup -> gpu_allocation: what pods requested and held, in milli-unit-seconds.
--
-- A finished pod keeps its request series until it is deleted, so the request counts only while the pod's phase is
-- Pending or Running; a pod without a node waits and holds nothing. When a pod is bound within a bucket, its series with
-- the node label covers only the time since then, and the smaller of the two times is what it held.
--
-- A container that shares cards asks for them in several resources (fractions.yaml). It holds cards x its larger part;
-- MiB of memory are no round part of a card, so they are rounded down to milli-unit-seconds. Parts that fit a card well,
-- much compute here and much memory there, add up to more than it: what is held on a node with such parts is scaled down
-- to its cards, so that what pods hold and what is idle are together what there is.
WITH asked AS (  -- two instances of kube-state-metrics report the same: the larger, not the sum
    SELECT cluster, namespace, pod, coalesce(uid, '') AS uid, node, container, ts,
           coalesce(fraction.resource, rollup.resource) AS resource, coalesce(fraction.part, 'cards') AS part,
           max(round("max" * CASE WHEN part = 'memory_mib' THEN 1 ELSE 1000 / coalesce(fraction.per, 1) END))::BIGINT
               AS amount,
           max(covered_s)::BIGINT AS covered_s
    FROM rollup
    LEFT JOIN fraction ON fraction.name = rollup.resource
    WHERE measure = 'request' AND rollup.resource NOT IN ('cpu', 'memory') AND coalesce(node, '') <> ''
    GROUP BY ALL
),
container_request AS (  -- milli-cards, and thousandths (or MiB) of each of them
    SELECT cluster, namespace, pod, uid, node, container, resource, ts, max(covered_s) AS covered_s,
           max(amount) FILTER (part = 'cards') AS cards,
           greatest(max(amount) FILTER (part = 'cores'), max(amount) FILTER (part = 'memory')) AS thousandths,
           max(amount) FILTER (part = 'memory_mib') AS mib
    FROM asked
    GROUP BY ALL
),
phase AS (
    SELECT cluster, namespace, pod, coalesce(uid, '') AS uid, ts,
           coalesce(max(value_s) FILTER (state = 'Running'), 0)::BIGINT AS running_s,
           coalesce(max(value_s) FILTER (state = 'Pending'), 0)::BIGINT + running_s AS bound_s
    FROM rollup
    WHERE measure = 'pod_phase'
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
    SELECT cluster, node, max(gpu_model) AS gpu_model, max(try_cast(gpu_memory_mib AS BIGINT)) AS card_mib,
           max(try_cast(gpus AS BIGINT)) AS gpus,
           greatest(coalesce(max(try_cast(replicas AS BIGINT)), 1), 1) AS replicas,
           regexp_extract(max(gpu_model), '-MIG-([^-]+)', 1) AS mig  -- one strategy: every "GPU" is such a slice
    FROM rollup
    WHERE measure = 'node_label'
    GROUP BY ALL
),
node_seen AS (
    SELECT cluster, node, ts, max(covered_s)::BIGINT AS seen_s
    FROM rollup
    WHERE measure = 'node_label'
    GROUP BY ALL
),
container_held AS (
    SELECT request.*, phase.running_s, node_label.gpu_model, node_label.replicas, node_label.mig,
           gpus * replicas * 1000 AS node_cards,
           least(request.covered_s, phase.bound_s) AS held_s,
           coalesce(cards, 1000) * held_s AS whole,
           CASE WHEN thousandths > 0 OR mib > 0 AND card_mib > 0
                THEN greatest(whole * thousandths // 1000, whole * mib // card_mib) END AS parts
    FROM container_request AS request
    JOIN phase
        ON phase.cluster IS NOT DISTINCT FROM request.cluster AND phase.namespace = request.namespace
        AND phase.pod = request.pod AND phase.uid = request.uid AND phase.ts = request.ts
    LEFT JOIN node_label
        ON node_label.cluster IS NOT DISTINCT FROM request.cluster AND node_label.node = request.node
),
pod_held AS (
    SELECT cluster, node, namespace, pod, uid, resource, gpu_model, replicas, mig, node_cards, ts, running_s,
           max(held_s) AS held_s, count(parts) AS shared,
           -- no part holds more than its cards, unless how many they are was not said
           sum(CASE WHEN parts > whole AND cards IS NULL THEN parts ELSE least(parts, whole) END)::BIGINT AS milli_s
    FROM container_held
    GROUP BY ALL
),
node_held AS (
    SELECT cluster, node, resource, ts, sum(milli_s)::BIGINT AS milli_s, max(node_cards) AS cards
    FROM pod_held
    GROUP BY ALL
    HAVING sum(shared) > 0
),
held AS (
    SELECT pod_held.*,
           CASE WHEN node_held.milli_s > node_held.cards * seen_s
                THEN pod_held.milli_s * node_held.cards * seen_s // node_held.milli_s
                ELSE pod_held.milli_s END AS milli_unit_seconds
    FROM pod_held
    LEFT JOIN node_held
        ON node_held.cluster IS NOT DISTINCT FROM pod_held.cluster AND node_held.node = pod_held.node
        AND node_held.resource = pod_held.resource AND node_held.ts = pod_held.ts
    LEFT JOIN node_seen
        ON node_seen.cluster IS NOT DISTINCT FROM pod_held.cluster AND node_seen.node = pod_held.node
        AND node_seen.ts = pod_held.ts
)
SELECT
    held.cluster, held.node, held.namespace, held.pod, held.uid, held.resource,
    regexp_replace(held.gpu_model, '-(SHARED|MIG-.*)$', '') AS gpu_model,
    coalesce(share.num, 1) AS share_num,
    coalesce(share.den, 1) * CASE WHEN share.name = held.resource THEN 1 ELSE coalesce(replicas, 1) END AS share_den,
    make_timestamp((started.epoch * 1000000)::BIGINT) AS started_at,
    held.ts,
    milli_unit_seconds::BIGINT AS milli_unit_seconds,
    milli_unit_seconds * greatest(held_s - running_s, 0) // held_s AS starting_milli_unit_seconds
FROM held
LEFT JOIN started
    ON started.cluster IS NOT DISTINCT FROM held.cluster AND started.namespace = held.namespace
    AND started.pod = held.pod AND started.uid = held.uid
LEFT JOIN fraction ON fraction.name = held.resource
LEFT JOIN share
    ON share.name = CASE WHEN fraction.name IS NOT NULL AND held.mig <> '' THEN held.mig ELSE held.resource END
WHERE milli_unit_seconds > 0
