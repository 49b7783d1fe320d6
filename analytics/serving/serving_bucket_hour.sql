/*
---
kind: daily
question: How were latencies distributed at each target in each hour?
formula: >
  sum of the increases of each cumulative histogram bucket; where two profiles of one layer measure at the same target,
  the one that observed more on that day speaks, as they saw the same requests
source: histograms of the serving profiles, le in seconds
missing: an hour without observations has no row
---
*/
WITH hourly AS (
    SELECT
        CAST(ts AS DATE) AS day, date_trunc('hour', ts) AS hour, profile, layer, cluster, namespace, pod,
        service AS label_service, model, measure, le, sum(count) AS count
    FROM serving_histogram
    WHERE ts >= $start AND ts < $end
    GROUP BY
        CAST(ts AS DATE), date_trunc('hour', ts), profile, layer, cluster, namespace, pod, service, model, measure, le
),
observed AS (
    SELECT
        day, layer, cluster, namespace, coalesce(pod, label_service) AS target, measure, profile,
        row_number() OVER (
            PARTITION BY day, layer, cluster, namespace, coalesce(pod, label_service), measure
            ORDER BY sum(CASE WHEN le = CAST('Infinity' AS DOUBLE) THEN count ELSE 0 END) DESC, profile
        ) AS place
    FROM hourly
    GROUP BY day, layer, cluster, namespace, coalesce(pod, label_service), measure, profile
)
SELECT
    h.day, h.hour, h.layer, h.cluster, h.namespace, h.pod, h.label_service, h.model, h.measure, h.le,
    sum(h.count) AS count
FROM hourly AS h
JOIN observed AS o
    ON o.day = h.day AND o.layer IS NOT DISTINCT FROM h.layer AND o.cluster IS NOT DISTINCT FROM h.cluster
    AND o.namespace IS NOT DISTINCT FROM h.namespace
    AND o.target IS NOT DISTINCT FROM coalesce(h.pod, h.label_service) AND o.measure = h.measure
    AND o.profile IS NOT DISTINCT FROM h.profile
WHERE o.place = 1
GROUP BY h.day, h.hour, h.layer, h.cluster, h.namespace, h.pod, h.label_service, h.model, h.measure, h.le
