/*
---
kind: daily
question: How were latencies distributed at each target in each hour?
formula: sum of the increases of each cumulative histogram bucket
source: histograms of the serving profiles, le in seconds
missing: an hour without observations has no row
---
*/
SELECT
    CAST(ts AS DATE) AS day, date_trunc('hour', ts) AS hour, layer, cluster, namespace, pod,
    service AS label_service, model, measure, le, sum(count) AS count
FROM serving_histogram
WHERE ts >= $start AND ts < $end
GROUP BY CAST(ts AS DATE), date_trunc('hour', ts), layer, cluster, namespace, pod, service, model, measure, le
