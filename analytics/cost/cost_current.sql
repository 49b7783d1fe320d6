/*
---
kind: intermediate
question: What does every pod, idle capacity, shared sum and unused commitment cost, as facts and configuration say now?
formula: hours = quantity x share_num / share_den / 3,600,000; cost = hours x price / price_den (warehouse/charges.py)
source: cost_base, rate, commitment_coverage; owners by label, then by namespace; shared sums of the configuration
missing: a line without a price has hours and no cost and is named in the findings
---
*/
WITH shared AS (
    SELECT seen.namespace, min_by(p.pool, p.position) AS pool
    FROM (SELECT DISTINCT namespace FROM cost_base WHERE namespace IS NOT NULL) AS seen
    JOIN shared_namespace AS p ON regexp_matches(seen.namespace, p.pattern)
    GROUP BY seen.namespace
),
priced AS (
    SELECT
        b.*, v.commitment, v.num, v.den, CASE WHEN v.commitment IS NULL THEN b.pricing ELSE 'committed' END AS paid,
        CASE WHEN v.commitment IS NULL THEN r.list_price ELSE v.list_price END AS list_price,
        CASE WHEN v.commitment IS NULL THEN r.price ELSE v.price END AS price,
        CASE WHEN v.commitment IS NULL THEN r.price_den ELSE v.price_den END AS price_den
    FROM cost_base AS b
    LEFT JOIN rate AS r
        ON r.slice_start = b.slice_start AND r.kind = b.kind AND r.pricing = b.pricing
        AND r.gpu_model IS NOT DISTINCT FROM b.gpu_model AND r.cluster IS NOT DISTINCT FROM b.cluster
        AND r.region IS NOT DISTINCT FROM b.region AND r.instance_type IS NOT DISTINCT FROM b.instance_type
    LEFT JOIN commitment_coverage AS v
        ON v.num > 0 AND b.kind = 'gpu' AND b.pricing = 'on_demand' AND v.slice_start = b.slice_start
        AND v.gpu_model = b.gpu_model AND v.cluster IS NOT DISTINCT FROM b.cluster
        AND v.region IS NOT DISTINCT FROM b.region
),
line AS (
    SELECT
        p.slice_start, CASE WHEN s.pool IS NULL THEN p.charge ELSE 'shared' END AS charge, s.pool,
        CASE WHEN p.charge = 'idle' THEN '__idle__' WHEN s.pool IS NOT NULL THEN '__shared__'
             ELSE coalesce(l.team, n.team, '__unallocated__') END AS team,
        coalesce(o.service, '__none__') AS service, coalesce(o.model, v.model, '__none__') AS model, p.cluster, p.region,
        p.node, p.namespace, p.pod, d.labels, p.kind, p.resource, p.gpu_model, p.paid AS pricing, p.commitment, p.quantity,
        p.used, p.share_num * coalesce(p.num, 1) AS share_num, p.share_den * coalesce(p.den, 1) AS share_den, p.list_price,
        p.price, p.price_den
    FROM priced AS p
    LEFT JOIN shared AS s ON s.namespace = p.namespace
    LEFT JOIN pod_label_day AS d
        ON d.day = p.day AND d.cluster IS NOT DISTINCT FROM p.cluster AND d.namespace = p.namespace AND d.pod = p.pod
    LEFT JOIN label_team AS l
        ON l.labels = d.labels AND (l.valid_from IS NULL OR p.slice_start >= l.valid_from)
        AND (l.valid_to IS NULL OR p.slice_start < l.valid_to)
    LEFT JOIN namespace_slice AS n ON n.slice_start = p.slice_start AND n.namespace = p.namespace
    LEFT JOIN pod_service AS o
        ON o.cluster IS NOT DISTINCT FROM p.cluster AND o.namespace = p.namespace AND o.pod = p.pod
    LEFT JOIN service AS v ON v.service = o.service
    UNION ALL
    SELECT
        slice_start, 'unused', CAST(NULL AS VARCHAR), '__idle__', '__none__', '__none__', cluster, region,
        CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), 'gpu', 'commitment',
        gpu_model, 'committed', commitment, unused, CAST(0 AS DECIMAL(38, 0)), CAST(1 AS BIGINT), CAST(1 AS BIGINT),
        list_price, price, price_den
    FROM commitment_coverage
    WHERE unused IS NOT NULL
    UNION ALL
    SELECT
        t.slice_start, 'overhead', c.pool, '__shared__', '__none__', '__none__', CAST(NULL AS VARCHAR),
        CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR),
        'overhead', c.pool, CAST(NULL AS VARCHAR), 'fixed', CAST(NULL AS VARCHAR),
        CAST(date_diff('second', t.slice_start, least(t.slice_end, f.now)) AS DECIMAL(38, 0)) * 1000,
        CAST(NULL AS DECIMAL(38, 0)), CAST(1 AS BIGINT), CAST(1 AS BIGINT), c.price, c.price, c.price_den
    FROM shared_charge AS c
    JOIN time_slice AS t
        ON (c.valid_from IS NULL OR t.slice_start >= c.valid_from) AND (c.valid_to IS NULL OR t.slice_start < c.valid_to)
    CROSS JOIN fact_span AS f
    WHERE t.slice_start < f.now
),
summed AS (
    SELECT
        t.day, t.report_day, t.month, x.charge, x.pool, x.team, x.service, x.model, x.cluster, x.region, x.node,
        x.namespace, x.pod, x.labels, x.kind, x.resource, x.gpu_model, x.pricing, x.commitment, x.share_num, x.share_den,
        x.list_price, x.price, x.price_den, CAST(sum(x.quantity) AS DECIMAL(38, 0)) AS quantity,
        CAST(sum(x.used) AS DECIMAL(38, 0)) AS used
    FROM line AS x
    JOIN time_slice AS t ON t.slice_start = x.slice_start
    GROUP BY
        t.day, t.report_day, t.month, x.charge, x.pool, x.team, x.service, x.model, x.cluster, x.region, x.node,
        x.namespace, x.pod, x.labels, x.kind, x.resource, x.gpu_model, x.pricing, x.commitment, x.share_num, x.share_den,
        x.list_price, x.price, x.price_den, x.used IS NOT NULL
)
SELECT
    s.day, s.report_day, s.month, s.charge, s.pool, s.team, c.cost_center, s.service, s.model, s.cluster, s.region, s.node,
    s.namespace, s.pod, s.labels, s.kind, s.resource, s.gpu_model, s.pricing, s.commitment, s.quantity, s.used,
    s.share_num, s.share_den, s.list_price, s.price, s.price_den,
    CASE WHEN s.kind = 'gpu' THEN CAST(s.quantity AS DOUBLE) * s.share_num / s.share_den / 3600000 ELSE 0 END AS gpu_hours,
    CAST(s.quantity AS DOUBLE) * s.share_num / s.share_den / 3600000 * CAST(s.price AS DOUBLE) / s.price_den AS cost
FROM summed AS s
LEFT JOIN team AS c ON c.team = s.team
WHERE s.quantity <> 0 OR s.used <> 0
