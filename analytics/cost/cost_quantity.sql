/*
---
kind: intermediate
question: Who held how much of which GPU at which price, and how much did nobody request?
formula: >
  allocated = milli-unit-seconds by day, owner and price; idle = capacity - allocated of the same node, resource and
  price, owned by __idle__
source: gpu_allocation_day and gpu_capacity_day
missing: a node whose capacity was not collected has no idle rows; nothing is invented for it
---
*/
WITH allocated AS (
    SELECT
        a.day, coalesce(t.team, '__unallocated__') AS team, coalesce(s.service, '__none__') AS service,
        coalesce(s.model, v.model, '__none__') AS model, a.cluster, a.namespace, a.gpu_model, a.resource, a.price,
        a.share_num, a.share_den, CAST(sum(a.milli_unit_seconds) AS BIGINT) AS milli_unit_seconds
    FROM gpu_allocation_day AS a
    LEFT JOIN namespace_team AS t ON t.namespace = a.namespace
    LEFT JOIN pod_service AS s
        ON s.cluster IS NOT DISTINCT FROM a.cluster AND s.namespace = a.namespace AND s.pod = a.pod
    LEFT JOIN service AS v ON v.service = s.service
    GROUP BY
        a.day, coalesce(t.team, '__unallocated__'), coalesce(s.service, '__none__'),
        coalesce(s.model, v.model, '__none__'), a.cluster, a.namespace, a.gpu_model, a.resource, a.price, a.share_num, a.share_den
),
held AS (
    SELECT
        day, cluster, node, gpu_model, resource, price, share_num, share_den,
        sum(milli_unit_seconds) AS milli_unit_seconds
    FROM gpu_allocation_day
    GROUP BY day, cluster, node, gpu_model, resource, price, share_num, share_den
),
idle AS (
    SELECT
        c.day, c.cluster, c.gpu_model, c.resource, c.price, c.share_num, c.share_den,
        CAST(sum(greatest(c.milli_unit_seconds - coalesce(h.milli_unit_seconds, 0), 0)) AS BIGINT) AS milli_unit_seconds
    FROM gpu_capacity_day AS c
    LEFT JOIN held AS h
        ON h.day = c.day AND h.cluster IS NOT DISTINCT FROM c.cluster AND h.node = c.node AND h.resource = c.resource
        AND h.gpu_model IS NOT DISTINCT FROM c.gpu_model AND h.price IS NOT DISTINCT FROM c.price
        AND h.share_num = c.share_num AND h.share_den = c.share_den
    GROUP BY c.day, c.cluster, c.gpu_model, c.resource, c.price, c.share_num, c.share_den
)
SELECT
    day, team, service, model, cluster, namespace, gpu_model, resource, price, share_num, share_den, milli_unit_seconds
FROM allocated
UNION ALL
SELECT
    day, '__idle__', '__none__', '__none__', cluster, CAST(NULL AS VARCHAR), gpu_model, resource, price, share_num,
    share_den, milli_unit_seconds
FROM idle
WHERE milli_unit_seconds > 0
