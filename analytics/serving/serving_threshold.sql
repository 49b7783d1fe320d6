/*
---
kind: intermediate
question: How many requests of a service stayed within its latency threshold?
formula: >
  within_lower = count of the last bucket bound at or below the threshold, within_upper = count of the first bound at or
  above it; equal when the threshold is a bucket bound, a range and never an interpolation when it is not
source: docs/serving.md
missing: no row for a service without a latency threshold
---
*/
SELECT
    b.grain, b.period, b.service, b.measure, s.latency_threshold_s AS threshold_s,
    coalesce(max(CASE WHEN b.le <= s.latency_threshold_s THEN b.count END), 0) AS within_lower,
    min(CASE WHEN b.le >= s.latency_threshold_s THEN b.count END) AS within_upper,
    max(b.count) AS total
FROM serving_bucket AS b
JOIN service AS s ON s.service = b.service
WHERE b.measure = 'latency' AND s.latency_threshold_s IS NOT NULL
GROUP BY b.grain, b.period, b.service, b.measure, s.latency_threshold_s
