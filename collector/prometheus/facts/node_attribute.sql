-- rollup -> node_attribute: what a node's labels say of it where it is first seen in an hour, and where that changes.
--
-- A row holds until the next one of its node, at most to the end of its hour; see pod_label. Where every "GPU" is a MIG
-- slice, the label counts slices, so the number of cards is left open.
WITH labelled AS (
    SELECT cluster, node, ts, covered_s, capacity_type, region, instance_type,
           CASE WHEN coalesce(gpu_model, '') NOT LIKE '%-MIG-%' THEN try_cast(gpus AS BIGINT) END AS cards
    FROM rollup
    WHERE measure = 'node_label' AND node IS NOT NULL
),
bucket AS (  -- of two statements about one bucket, that which held longer
    SELECT cluster, node, ts, date_trunc('hour', ts) AS hour,
           {
               'capacity_type': capacity_type, 'region': region, 'instance_type': instance_type, 'gpus': cards
           } AS attribute
    FROM labelled
    WHERE cards IS NOT NULL OR coalesce(capacity_type, region, instance_type) IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY cluster, node, ts ORDER BY covered_s DESC, attribute) = 1
),
stated AS (
    SELECT cluster, node, ts, hour, attribute,
           lag(attribute) OVER (PARTITION BY cluster, node, hour ORDER BY ts) AS before
    FROM bucket
),
known AS (
    SELECT a.cluster, a.node, date_trunc('hour', span.start) AS hour,
           max_by({
               'capacity_type': a.capacity_type, 'region': a.region, 'instance_type': a.instance_type, 'gpus': a.gpus
           }, a.ts) AS attribute
    FROM node_attribute AS a
    JOIN span ON a.source = span.source AND a.profile = span.profile
    WHERE a.ts >= date_trunc('hour', span.start) AND a.ts < span.start
    GROUP BY ALL
)
SELECT stated.cluster, stated.node, stated.ts, stated.attribute.capacity_type AS capacity_type,
       stated.attribute.region AS region, stated.attribute.instance_type AS instance_type, stated.attribute.gpus AS gpus
FROM stated
LEFT JOIN known
    ON known.cluster IS NOT DISTINCT FROM stated.cluster AND known.node = stated.node AND known.hour = stated.hour
WHERE coalesce(stated.before, known.attribute) IS DISTINCT FROM stated.attribute
