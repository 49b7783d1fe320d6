/*
---
kind: intermediate
question: How much of which resource is each pod charged for in each time slice, and how much of that did it use?
formula: >
  by request, by usage, or by the larger of the two (allocation.basis); GPU use = held x best activity signal of its
  half hours; memory in byte-seconds x 125 / 2^27, so that its hours are GiB-hours
source: gpu_allocation_day, compute_allocation_day, gpu_pod_halfhour; devices of pods that requested none
missing: time without a measurement is a row of its own whose `used` is null; it is charged by request on every basis
---
*/
WITH policy AS (
    SELECT coalesce(max(basis), 'request') AS basis FROM allocation_policy
),
used AS (
    SELECT
        s.slice_start, p.cluster, p.node, p.namespace, p.pod, sum(p.held_s) AS held_s, sum(p.unmeasured_s) AS unmeasured_s,
        greatest(sum(p.effective_s), 0) AS effective_s
    FROM gpu_pod_halfhour AS p
    JOIN time_slice AS s ON s.day = p.day AND p.half_hour >= s.slice_start AND p.half_hour < s.slice_end
    GROUP BY s.slice_start, p.cluster, p.node, p.namespace, p.pod
),
gpu AS (
    SELECT
        a.day, a.slice_start, a.cluster, a.node, a.namespace, a.pod, a.resource, a.gpu_model, a.share_num, a.share_den,
        CAST(a.milli_unit_seconds AS DECIMAL(38, 0)) AS requested,
        CAST(round(a.milli_unit_seconds * coalesce(1 - u.unmeasured_s / nullif(u.held_s, 0), 0)) AS DECIMAL(38, 0))
            AS measured,
        least(coalesce(u.effective_s / nullif(u.held_s - u.unmeasured_s, 0), 0), 1) AS signal
    FROM gpu_allocation_day AS a
    LEFT JOIN used AS u
        ON u.slice_start = a.slice_start AND u.cluster IS NOT DISTINCT FROM a.cluster AND u.node = a.node
        AND u.namespace = a.namespace AND u.pod = a.pod
),
gpu_part AS (
    SELECT
        day, slice_start, cluster, node, namespace, pod, resource, gpu_model, share_num, share_den,
        measured AS requested, CAST(round(measured * signal) AS DECIMAL(38, 0)) AS used
    FROM gpu
    WHERE measured > 0
    UNION ALL
    SELECT
        day, slice_start, cluster, node, namespace, pod, resource, gpu_model, share_num, share_den,
        requested - measured, CAST(NULL AS DECIMAL(38, 0))
    FROM gpu
    WHERE requested > measured
),
unrequested AS (  -- a pod that computes on a device which it never asked for
    SELECT
        s.day, s.slice_start, d.cluster, d.node, d.namespace, d.pod, d.share,
        sum(d.covered_s * 1e3 / greatest(coalesce(d.sharers, 1), 1)
            * CASE WHEN d.sm_n > 0 THEN d.sm_sum / d.sm_n
                   WHEN d.compute_n > 0 THEN d.compute_sum / d.compute_n
                   WHEN d.util_n > 0 THEN d.util_sum / d.util_n END) AS used
    FROM gpu_device_halfhour AS d
    JOIN time_slice AS s ON s.day = d.day AND d.half_hour >= s.slice_start AND d.half_hour < s.slice_end
    LEFT JOIN gpu_allocation_day AS a
        ON a.slice_start = s.slice_start AND a.cluster IS NOT DISTINCT FROM d.cluster AND a.namespace = d.namespace
        AND a.pod = d.pod
    WHERE d.pod IS NOT NULL AND d.namespace IS NOT NULL AND a.pod IS NULL
    GROUP BY s.day, s.slice_start, d.cluster, d.node, d.namespace, d.pod, d.share
),
taken AS (
    SELECT
        u.day, u.slice_start, u.cluster, u.node, u.namespace, u.pod, c.resource, c.gpu_model, c.share_num, c.share_den,
        CAST(round(max(u.used)) AS DECIMAL(38, 0)) AS used
    FROM unrequested AS u
    JOIN gpu_capacity_day AS c
        ON c.slice_start = u.slice_start AND c.cluster IS NOT DISTINCT FROM u.cluster AND c.node = u.node
        AND abs(CAST(c.share_num AS DOUBLE) / c.share_den - u.share) < 1e-9
    GROUP BY
        u.day, u.slice_start, u.cluster, u.node, u.namespace, u.pod, c.resource, c.gpu_model, c.share_num, c.share_den
)
SELECT
    g.day, g.slice_start, g.cluster, g.node, g.namespace, g.pod, 'gpu' AS kind, g.resource, g.gpu_model, g.share_num,
    g.share_den, CASE WHEN policy.basis = 'usage' THEN coalesce(g.used, g.requested) ELSE g.requested END AS quantity,
    g.used
FROM gpu_part AS g
CROSS JOIN policy
UNION ALL
SELECT
    t.day, t.slice_start, t.cluster, t.node, t.namespace, t.pod, 'gpu', t.resource, t.gpu_model, t.share_num, t.share_den,
    CASE WHEN policy.basis = 'request' THEN CAST(0 AS DECIMAL(38, 0)) ELSE t.used END, t.used
FROM taken AS t
CROSS JOIN policy
WHERE t.used > 0
UNION ALL
SELECT
    c.day, c.slice_start, c.cluster, c.node, c.namespace, c.pod, c.resource, c.resource, CAST(NULL AS VARCHAR),
    CAST(CASE WHEN c.resource = 'memory' THEN 125 ELSE 1 END AS BIGINT),
    CAST(CASE WHEN c.resource = 'memory' THEN 134217728 ELSE 1 END AS BIGINT),
    CASE policy.basis WHEN 'usage' THEN coalesce(c.used - c.negative, c.requested)
                      WHEN 'max' THEN c.larger ELSE c.requested END,
    c.used - c.negative
FROM compute_allocation_day AS c
CROSS JOIN policy
