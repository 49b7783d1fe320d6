/*
---
kind: result
title: Serving by hour
question: How did each service do in each of the last hours?
formula: as serving_day and serving_latency_day
source: serving_request_hour and serving_quantile
missing: no row in an hour without requests
---
*/
WITH latency AS (
    SELECT period, service,
           max(CASE WHEN q = 0.5 THEN value END) AS p50_s,
           max(CASE WHEN q = 0.95 THEN value END) AS p95_s,
           max(CASE WHEN q = 0.99 THEN value END) AS p99_s
    FROM serving_quantile
    WHERE grain = 'hour' AND measure = 'latency'
    GROUP BY period, service
)
SELECT
    h.hour, h.service, h.requests, h.bad,
    1 - h.bad / nullif(h.requests - h.aborted - h.client_error, 0) AS availability,
    l.p50_s, l.p95_s, l.p99_s
FROM serving_request_hour AS h
LEFT JOIN latency AS l ON l.period = h.hour AND l.service = h.service
WHERE h.hour >= CAST($now AS TIMESTAMP) - $hourly_days * INTERVAL 1 DAY
ORDER BY h.hour, h.service
