/*
---
kind: daily
question: How many requests and tokens did each target count in each hour?
formula: sum of reset-aware increases by outcome
source: counters of the serving profiles
missing: an hour without an increase has no row
---
*/
SELECT
    CAST(ts AS DATE) AS day, date_trunc('hour', ts) AS hour, layer, cluster, namespace, pod,
    service AS label_service, model, measure, outcome, sum(value) AS value
FROM serving_count
WHERE ts >= $start AND ts < $end
GROUP BY CAST(ts AS DATE), date_trunc('hour', ts), layer, cluster, namespace, pod, service, model, measure, outcome
