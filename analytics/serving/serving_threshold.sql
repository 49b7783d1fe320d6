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
WITH measured AS (
    SELECT
        b.day, b.hour, t.service, s.latency_threshold_s AS threshold_s,
        l.depth,
        b.cluster, b.namespace, b.pod, b.label_service, b.model, b.le, b.count
    FROM serving_bucket_hour AS b
    JOIN serving_target AS t
        ON t.cluster IS NOT DISTINCT FROM b.cluster AND t.namespace IS NOT DISTINCT FROM b.namespace
        AND t.pod IS NOT DISTINCT FROM b.pod AND t.label_service IS NOT DISTINCT FROM b.label_service
        AND t.model IS NOT DISTINCT FROM b.model
    JOIN layer AS l ON l.layer = b.layer
    JOIN service AS s ON s.service = t.service
    WHERE b.measure = 'latency' AND s.latency_threshold_s IS NOT NULL
),
outermost AS (
    SELECT day, service, min(depth) AS depth
    FROM measured
    GROUP BY day, service
),
bounded AS (  -- target by target: pods with other bucket bounds make sums by bound that mean nothing at one bound
    SELECT
        m.day, m.hour, m.service, m.threshold_s,
        coalesce(max(CASE WHEN m.le <= m.threshold_s THEN m.count END), 0) AS within_lower,
        min(CASE WHEN m.le >= m.threshold_s THEN m.count END) AS within_upper,
        max(m.count) AS total
    FROM measured AS m
    JOIN outermost AS o ON o.day = m.day AND o.service = m.service AND o.depth = m.depth
    GROUP BY
        m.day, m.hour, m.service, m.threshold_s, m.cluster, m.namespace, m.pod, m.label_service, m.model
)
SELECT
    'hour' AS grain, hour AS period, service, 'latency' AS measure, threshold_s, sum(within_lower) AS within_lower,
    CASE WHEN count(within_upper) = count(*) THEN sum(within_upper) END AS within_upper, sum(total) AS total
FROM bounded
WHERE hour >= CAST($now AS TIMESTAMP) - $hourly_days * INTERVAL 1 DAY
GROUP BY hour, service, threshold_s
UNION ALL
SELECT
    'day', CAST(day AS TIMESTAMP), service, 'latency', threshold_s, sum(within_lower),
    CASE WHEN count(within_upper) = count(*) THEN sum(within_upper) END, sum(total)
FROM bounded
GROUP BY day, service, threshold_s
