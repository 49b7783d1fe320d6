-- rollup -> gpu_health: what went wrong with a device in a bucket.
--
-- A device is one card: its MIG instances repeat what it says, as a second exporter does, so the largest counts and not
-- the sum. An event belongs to a pod where only one had the device. Throttling counts the samples in which there was some,
-- everything else what the counter grew by.
WITH event AS (
    SELECT
        cluster, node, device, slice, exporter, gpu_model, ts, measure,
        CASE WHEN "min" <= 1 THEN namespace END AS namespace, CASE WHEN "min" <= 1 THEN pod END AS pod,
        regexp_replace(measure, '_aggregate$', '') AS kind,
        CASE WHEN measure = 'xid' THEN "max"::INTEGER END AS code,
        CASE WHEN measure IN ('thermal_throttle', 'power_throttle') THEN weight ELSE increase END AS count
    FROM rollup
    WHERE kind IN ('code', 'tally') AND device IS NOT NULL AND increase > 0
),
told AS (  -- by one exporter of one device slice, under one measure
    SELECT cluster, node, device, slice, exporter, measure, ts, kind, code, sum(count) AS count
    FROM event
    GROUP BY ALL
),
owner AS (
    SELECT cluster, node, device, ts, kind, code, any_value(gpu_model) AS gpu_model,
           CASE WHEN count(DISTINCT (namespace, pod)) FILTER (pod IS NOT NULL) = 1 THEN max(namespace) END AS namespace,
           CASE WHEN count(DISTINCT (namespace, pod)) FILTER (pod IS NOT NULL) = 1 THEN max(pod) END AS pod
    FROM event
    GROUP BY ALL
)
SELECT told.cluster, told.node, told.device, gpu_model, namespace, pod, told.ts, told.kind, told.code, max(count) AS count
FROM told
JOIN owner
    ON owner.cluster IS NOT DISTINCT FROM told.cluster AND owner.node IS NOT DISTINCT FROM told.node
    AND owner.device = told.device AND owner.ts = told.ts AND owner.kind = told.kind
    AND owner.code IS NOT DISTINCT FROM told.code
GROUP BY ALL
