/*
---
kind: result
title: Latency by day
question: How long did requests of each service take on each day?
formula: P50, P95 and P99 as Prometheus' histogram_quantile; shares within the service's threshold as bounds
source: serving_quantile and serving_threshold
missing: no row on a day without observations; the shares are null without a threshold
---
*/
SELECT
    CAST(q.period AS DATE) AS day, q.service, q.measure, max(q.observations) AS requests,
    max(CASE WHEN q.q = 0.5 THEN q.value END) AS p50_s,
    max(CASE WHEN q.q = 0.95 THEN q.value END) AS p95_s,
    max(CASE WHEN q.q = 0.99 THEN q.value END) AS p99_s,
    max(t.threshold_s) AS threshold_s,
    max(t.within_lower / t.total) AS within_lower, max(t.within_upper / t.total) AS within_upper
FROM serving_quantile AS q
LEFT JOIN serving_threshold AS t
    ON t.grain = q.grain AND t.period = q.period AND t.service = q.service AND t.measure = q.measure
WHERE q.grain = 'day'
GROUP BY q.period, q.service, q.measure
ORDER BY day, q.service, q.measure
