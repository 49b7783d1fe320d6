/*
---
kind: daily
question: How many requests and tokens did each target count in each hour?
formula: sum of reset-aware increases by outcome, of the profile that speaks for the target that day (serving_profile)
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
)
SELECT
    h.day, h.hour, h.layer, h.cluster, h.namespace, h.pod, h.label_service, h.model, h.measure, h.outcome, h.value
FROM hourly AS h
JOIN serving_profile AS p
    ON p.day = h.day AND p.layer IS NOT DISTINCT FROM h.layer AND p.cluster IS NOT DISTINCT FROM h.cluster
    AND p.namespace IS NOT DISTINCT FROM h.namespace
    AND p.target IS NOT DISTINCT FROM coalesce(h.pod, h.label_service) AND p.measure = h.measure
    AND p.profile IS NOT DISTINCT FROM h.profile
