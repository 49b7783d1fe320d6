/*
---
kind: daily
question: How many requests and tokens did each target count in each hour?
formula: >
  sum of reset-aware increases by outcome; where two profiles of one layer count at the same target (a server that exports
  the metrics of its engine and its own), the one that counted more on that day speaks, as they saw the same requests
source: counters of the serving profiles
missing: an hour without an increase has no row
---
*/
WITH hourly AS (
    SELECT
        CAST(ts AS DATE) AS day, date_trunc('hour', ts) AS hour, profile, layer, cluster, namespace, pod,
        service AS label_service, model, measure, outcome, sum(value) AS value
    FROM serving_count
    WHERE ts >= $start AND ts < $end
    GROUP BY
        CAST(ts AS DATE), date_trunc('hour', ts), profile, layer, cluster, namespace, pod, service, model, measure,
        outcome
),
counted AS (
    SELECT
        day, layer, cluster, namespace, coalesce(pod, label_service) AS target, measure, profile,
        row_number() OVER (
            PARTITION BY day, layer, cluster, namespace, coalesce(pod, label_service), measure
            ORDER BY sum(value) DESC, profile
        ) AS place
    FROM hourly
    GROUP BY day, layer, cluster, namespace, coalesce(pod, label_service), measure, profile
)
SELECT
    h.day, h.hour, h.layer, h.cluster, h.namespace, h.pod, h.label_service, h.model, h.measure, h.outcome,
    sum(h.value) AS value
FROM hourly AS h
JOIN counted AS c
    ON c.day = h.day AND c.layer IS NOT DISTINCT FROM h.layer AND c.cluster IS NOT DISTINCT FROM h.cluster
    AND c.namespace IS NOT DISTINCT FROM h.namespace
    AND c.target IS NOT DISTINCT FROM coalesce(h.pod, h.label_service) AND c.measure = h.measure
    AND c.profile IS NOT DISTINCT FROM h.profile
WHERE c.place = 1
GROUP BY
    h.day, h.hour, h.layer, h.cluster, h.namespace, h.pod, h.label_service, h.model, h.measure, h.outcome
